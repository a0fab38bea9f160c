//! What a PostgreSQL server on this machine does for us, kept off the core of who is measured. It
//! would settle there, for the core of the load is never idle, and what it does there costs the peer
//! its caches. What the server does for itself goes where it likes.

use std::collections::HashSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::machine::OURS;

/// Between two looks at what the server has started.
const PAUSE: Duration = Duration::from_millis(100);

/// Moves what serves one of our databases to the core of the load, as long as it is held. Nothing
/// else of the server's is touched, and what is moved ends with its connection.
pub struct Aside {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Aside {
    /// `database` is in the name of each process that serves it.
    pub fn keep(database: String) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let thread = thread::spawn(move || {
            let servers = servers();
            let (mut moved, mut any) = (HashSet::new(), false);
            while !told.load(Ordering::Relaxed) {
                let there: HashSet<u32> =
                    servers.iter().flat_map(|server| serving(*server, &database)).collect();
                for pid in there.difference(&moved) {
                    aside(*pid);
                }
                any |= !there.is_empty();
                moved = there;
                thread::park_timeout(PAUSE);
            }
            if !any {
                eprintln!("nothing of PostgreSQL was found: it may have run on either core");
            }
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        if thread.join().is_err() {
            eprintln!("nobody watched where PostgreSQL ran");
        }
    }
}

/// The servers that run here. What they start says what it is for in its command line.
fn servers() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| is_server(*pid)).collect()
}

fn is_server(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim_end() == "postgres" && !command_line(pid).starts_with("postgres:")
}

fn serving(server: u32, database: &str) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
    let children = children.unwrap_or_default();
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| command_line(*pid).contains(database)).collect()
}

fn command_line(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// One that has ended meanwhile needs no place.
fn aside(pid: u32) {
    let mut taskset = Command::new("taskset");
    taskset.args(["-cp", OURS, &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let moved = taskset.status().is_ok_and(|status| status.success());
    if !moved && !command_line(pid).is_empty() {
        eprintln!("PostgreSQL's process {pid} may run on the core of who is measured");
    }
}
