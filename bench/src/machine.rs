//! The machine: which core is whose, and what it is.

use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Serialize;

/// Load, upstream and measuring run here.
pub const OURS: &str = "0";
/// The peer under test runs here, alone.
pub const THEIRS: &str = "1";

#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub kernel: String,
}

/// Pins this process to its core. Threads that are made later stay there.
pub fn pin_ourselves() -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    ensure!(cores >= 2, "two cores are needed: one for the load, one for what is measured");
    let us = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-acp", OURS, &us]).output();
    ensure!(pinned.context("taskset is missing")?.status.success(), "taskset failed");
    Ok(())
}

impl Machine {
    pub fn look() -> anyhow::Result<Self> {
        let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
        let cpu = model.unwrap_or_default().trim_start_matches([' ', '\t', ':']).to_owned();
        let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned();
        Ok(Self { cpu, cores, kernel })
    }
}

/// The day, as results are named.
pub fn today() -> anyhow::Result<String> {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output()?;
    Ok(String::from_utf8(date.stdout)?.trim().to_owned())
}

/// What is checked out here, as git describes it.
pub fn commit() -> String {
    let told = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let told = told.ok().filter(|told| told.status.success());
    let commit = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    commit.unwrap_or_else(|| "unknown".to_owned())
}
