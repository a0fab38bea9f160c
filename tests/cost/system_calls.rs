//! System calls, of the program itself, as strace counts them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::peers::Caller;
use crate::site::Site;
use crate::{Mode, SENDS, WARM_UP};

/// Ends its process.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.interrupt();
        if self.0.wait().is_err() {
            eprintln!("a process could not be ended");
        }
    }
}

impl Running {
    fn interrupt(&self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }
}

/// Whether strace is there and is let.
pub(crate) fn can_be_counted() -> bool {
    let tried = Command::new("strace").args(["-qq", "-c", "-f", "true"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

pub(crate) fn of_a_send(mode: Mode) -> f64 {
    let site = Site::new();
    let mut serve = site.program();
    serve.arg("serve").args(site.settings(mode)).stdout(Stdio::piped());
    // Two workers wake each other by writing, as often as the machine makes them.
    serve.env("TOKIO_WORKER_THREADS", "1");
    serve.stderr(fs::File::create(site.path("log")).unwrap());
    let mut program = Running(serve.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr =
        line.trim_end().strip_prefix("listening on http://").unwrap().parse().unwrap();

    let mut caller = Caller::new(address, &site.token, mode.keyed);
    caller.send(WARM_UP);
    let counts = site.path("counts");
    count(program.0.id(), &counts, || caller.send(SENDS)) / SENDS as f64
}

/// System calls of the process while something is done.
fn count(process: u32, table: &Path, work: impl FnOnce()) -> f64 {
    let strace = Command::new("strace")
        .args(["-qq", "-c", "-f", "-p", &process.to_string(), "-o"])
        .arg(table)
        .stderr(Stdio::null())
        .spawn();
    let strace = Running(strace.unwrap());
    while !is_traced(process) {
        thread::sleep(Duration::from_millis(5));
    }
    work();
    // It writes its table when it ends.
    drop(strace);
    total(&fs::read_to_string(table).unwrap())
}

/// All threads of the process.
fn is_traced(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.map(|thread| thread.unwrap().path().join("status")).all(|status| {
        let status = fs::read_to_string(status).unwrap_or_default();
        !status.lines().any(|line| line == "TracerPid:\t0")
    })
}

/// How often a thread waits, and is woken, tells of the machine and not of the send.
const WAITING: [&str; 6] =
    ["epoll_wait", "epoll_pwait", "futex", "sched_yield", "restart_syscall", "total"];

/// `  9.43    0.450286          49      9139        13 writev`
fn total(table: &str) -> f64 {
    let calls = table.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let is_work = words.last().is_some_and(|name| !WAITING.contains(name));
        is_work.then(|| words.get(3)?.parse::<f64>().ok()).flatten()
    });
    calls.sum()
}
