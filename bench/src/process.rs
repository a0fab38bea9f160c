//! A program that is measured: pinned to its core, and ended with its handle.

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::machine::THEIRS;

/// Clock ticks a second, as /proc counts CPU time. Linux has had 100 for all its life.
const TICKS: f64 = 100.0;
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Process {
    child: Child,
    pub port: u16,
}

impl Process {
    /// Starts `program` on the core of peers. It is to listen on `port`.
    pub async fn start(mut program: Command, port: u16) -> anyhow::Result<Self> {
        program.stdin(Stdio::null()).stdout(Stdio::null());
        let child = program.spawn().with_context(|| format!("cannot start {program:?}"))?;
        let process = Self { child, port };
        process.listening().await?;
        Ok(process)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    async fn listening(&self) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            anyhow::ensure!(Instant::now() < end, "nobody listens on port {}", self.port);
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// CPU time that it and its children have used, in microseconds.
    pub fn cpu_micros(&self) -> anyhow::Result<f64> {
        let mut ticks = 0.0;
        for pid in self.family()? {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
            // The name of the program may hold anything; behind its bracket are plain fields.
            let fields = stat.rsplit_once(')').context("no stat")?.1;
            let fields: Vec<&str> = fields.split_whitespace().collect();
            for at in [11, 12] {
                ticks += fields.get(at).context("no CPU time")?.parse::<f64>()?;
            }
        }
        Ok(ticks / TICKS * 1_000_000.0)
    }

    /// Memory that is really there, in kilobytes: now, and at its highest.
    pub fn memory_kb(&self) -> anyhow::Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let read = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.context("no memory in status")?.parse()?)
        };
        Ok((read("VmRSS:")?, read("VmHWM:")?))
    }

    /// Ends it as an operator would. What it does at its end is done then.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn end(mut self) -> anyhow::Result<()> {
        let status = self.ask_to_end()?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        Ok(())
    }

    fn ask_to_end(&mut self) -> anyhow::Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        anyhow::bail!("it does not end")
    }

    fn family(&self) -> anyhow::Result<Vec<u32>> {
        let us = self.child.id();
        let children = fs::read_to_string(format!("/proc/{us}/task/{us}/children"))?;
        let children =
            children.split_whitespace().map(str::parse).collect::<Result<Vec<_>, _>>()?;
        Ok([us].into_iter().chain(children).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked first: nginx has a worker that only it can end.
        if self.ask_to_end().is_err() && self.child.kill().is_ok() {
            let _status = self.child.wait();
        }
    }
}

/// `program` on the core of peers.
pub fn pinned(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", THEIRS]).arg(program);
    command
}

/// A port that is free now.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
