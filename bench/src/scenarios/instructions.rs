//! Instructions of the process for a warm send, and for an update that comes in. They are the same
//! whatever else the machine does: for work on them, and not for judging. The kernel's are not counted.
//!
//! Behind each count is a profile that `callgrind_annotate` reads; it names functions if the program
//! has symbols.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::ingest::{self, Update};
use super::saturated::{AXUM, TEXT, send, text, variants};
use crate::Options;
use crate::gateway::Installation;
use crate::load::Target;
use crate::peers;
use crate::process::{Process, pinned};
use crate::report::{Figures, Report};
use crate::rounds::Load;
use crate::upstream::Upstream;

const CALLERS: usize = 64;

/// How many requests are counted, behind as many that warm up.
#[derive(Clone, Copy)]
struct Share {
    requests: u64,
    /// What is counted in each of them: sends, or updates.
    each: u64,
}

const SENDS: Share = Share { requests: 1_600, each: 1 };
const POSTS: Share = Share { requests: 800, each: 1 };
const FULL_POSTS: Share = Share { requests: 64, each: 100 };

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let there = Command::new("valgrind").arg("--version").output();
    there.context("counting instructions needs valgrind")?;
    let upstream = Upstream::start(Duration::ZERO).await?;
    let mut figures = Figures::default();
    let bare = Counting::of(AXUM, peers::AXUM_PROGRAM);
    let token = "a-token";
    let process = peers::axum_as(bare.command, upstream.port, token).await?;
    let target = Target::always(process.port, send(token, TEXT, &text(), None));
    figures.note(AXUM, count(process, &bare.profile, &target, SENDS).await?);
    for variant in variants(options) {
        let installation = Installation::new(options, &variant.storage)?;
        let gateway = Counting::of(&variant.name, installation.program());
        let process =
            installation.start_as(gateway.command, upstream.port, variant.settings).await?;
        let target = variant.target(process.port, &installation.token);
        figures.note(variant.name, count(process, &gateway.profile, &target, SENDS).await?);
    }
    let mut settings = ingest::SETTINGS.to_vec();
    // It runs fifty times as slowly here, and slower where others work beside it.
    settings.push(("AVENPING_DATABASE_TIMEOUT", "60s"));
    for (store, storage) in ingest::storages(options) {
        for (posts, share) in [("posts of one", POSTS), ("posts of a hundred", FULL_POSTS)] {
            let name = format!("{posts}, {store}");
            let installation = Installation::new(options, &storage)?;
            let gateway = Counting::of(&name, installation.program());
            let process = installation.start_as(gateway.command, upstream.port, &settings).await?;
            ingest::set_url(&installation, process.port, ingest::NOBODY).await?;
            let (batch, posts) = (share.each.try_into()?, (2 * share.requests).try_into()?);
            let target = ingest::target(process.port, Update::Message, batch, posts)?;
            figures.note(name, count(process, &gateway.profile, &target, share).await?);
        }
    }
    let told = format!("instructions a send, or an update that comes in; {CALLERS} callers");
    report.figures("instructions", &told, figures);
    Ok(())
}

/// Valgrind, told what to run and where its counts go.
struct Counting {
    command: Command,
    profile: PathBuf,
}

impl Counting {
    fn of(name: &str, program: impl AsRef<OsStr>) -> Self {
        let profile = profile_of(name);
        let mut command = pinned("valgrind");
        command.args(["--tool=callgrind", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", profile.display()));
        command.arg(program);
        Self { command, profile }
    }
}

async fn count(
    process: Process,
    profile: &Path,
    target: &Target,
    share: Share,
) -> anyhow::Result<f64> {
    ask(target, share.requests).await?;
    let pid = process.id().to_string();
    control(&["--zero", &pid])?;
    // The same load goes on where the first part of it has ended.
    let (first, requests) = (share.requests, Rc::clone(&target.requests));
    let rest = Rc::new(move |number| requests(first + number));
    ask(&Target { port: target.port, requests: rest }, share.requests).await?;
    control(&["--dump", &pid])?;
    drop(process);
    // What came after the dump is of no use.
    let dumped = profile.with_extension("out.1");
    fs::rename(&dumped, profile).with_context(|| format!("no {}", dumped.display()))?;
    Ok(total(profile)? / (share.requests * share.each) as f64)
}

/// All at once, and no more of them.
async fn ask(target: &Target, requests: u64) -> anyhow::Result<()> {
    let load = Load::Open { connections: CALLERS, per_second: requests };
    let outcome = load.run(target, Duration::from_secs(1)).await?;
    ensure!(outcome.answered == requests, "{} of {requests} were answered", outcome.answered);
    Ok(())
}

fn control(arguments: &[&str]) -> anyhow::Result<()> {
    let done = Command::new("callgrind_control").args(arguments).output()?;
    ensure!(done.status.success(), "callgrind_control: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

fn profile_of(variant: &str) -> PathBuf {
    let name: String =
        variant.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    std::env::temp_dir().join(format!("{name}.out"))
}

fn total(profile: &Path) -> anyhow::Result<f64> {
    let text = fs::read_to_string(profile)?;
    let mut totals = text.lines().filter_map(|line| line.strip_prefix("totals: "));
    let total = totals.next_back().context("the profile has no total")?;
    println!("  {}", profile.display());
    // More counts follow, if valgrind was told to count more: VALGRIND_OPTS.
    Ok(total.split_whitespace().next().context("the total is empty")?.parse()?)
}
