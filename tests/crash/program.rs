//! A process of the program that serves.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use crate::eventually;
use crate::site::Site;

/// As an init system pauses before it tries again.
const PAUSES: [Duration; 6] = [Duration::from_secs(2); 6];
const TOO_MANY: &str = "sorry, too many clients already";

pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
}

/// Ends its process, however the case ends.
struct Guarded(Option<Child>);

impl Program {
    /// Starts it, and waits for the line that says where it listens.
    pub(crate) async fn start(site: &Site, at: SocketAddr) -> Self {
        for pause in PAUSES {
            let mut serve = site.serve(at);
            let started = tokio::task::spawn_blocking(move || Self::listening(&mut serve));
            if let Ok(program) = started.await.unwrap() {
                return program;
            }
            // Whoever else tests on the same server may have taken all its connections.
            assert!(site.log().trim_end().ends_with(TOO_MANY), "it does not start: {}", site.log());
            tokio::time::sleep(pause).await;
        }
        panic!("it never starts: {}", site.log());
    }

    fn listening(serve: &mut Command) -> Result<Self, String> {
        let mut guarded = Guarded(Some(serve.spawn().unwrap()));
        let child = guarded.0.as_mut().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.and_then(|address| address.parse().ok()).ok_or(line)?;
        Ok(Self { child: guarded.0.take().unwrap(), address })
    }

    /// Starts it, and kills it after `life`, wherever it is by then.
    pub(crate) async fn stillborn(site: &Site, at: SocketAddr, life: Duration) {
        let guarded = Guarded(Some(site.serve(at).spawn().unwrap()));
        tokio::time::sleep(life).await;
        drop(guarded);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL: it has no say in it.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// SIGTERM, as an init system sends it.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        eventually("the program ends", async || !self.is_running()).await;
        self.child.wait().unwrap()
    }

    /// Lets it open so many descriptors more, and then none.
    pub(crate) fn may_open(&self, more: usize) {
        let id = self.child.id().to_string();
        let open = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        let numbers = open.map(|one| one.unwrap().file_name().into_string().unwrap());
        let open: HashSet<usize> = numbers.map(|number| number.parse().unwrap()).collect();
        // The limit is one of numbers, and some in between may be free.
        let beyond = (0..).filter(|number| !open.contains(number)).nth(more).unwrap();
        let most = format!("--nofile={beyond}:");
        let set = Command::new("prlimit").args(["--pid", &id, &most]).status();
        assert!(set.unwrap().success());
    }

    /// The most memory that it ever had in use, in megabytes.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes / 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.as_mut().map(end).unwrap_or_default();
    }
}

/// What each thread of the programs that run now is at, and where the kernel has it wait.
pub(crate) fn threads() -> String {
    let list = "pid,tid,ppid,stat,wchan:32,comm";
    let told = Command::new("ps").args(["-C", "avenping", "-L", "-o", list]).output();
    told.map_or_else(|error| error.to_string(), |told| String::from_utf8(told.stdout).unwrap())
}

fn end(child: &mut Child) {
    // It may have ended already.
    child.kill().unwrap_or_default();
    child.wait().map(drop).unwrap_or_default();
}
