//! Measures what the gateway costs, against bare proxies, on one machine and in one run.
//!
//! The machines are noisy, so nothing is compared between runs: the peers take turns, round after
//! round, in an order that rotates, and what counts is the CPU time of a peer's process for each
//! request, as a ratio to nginx in the same round. Load, upstream and measuring share one core, which
//! never sleeps while there is load; the peer under test has the other one to itself.

mod gateway;
mod http;
mod load;
mod machine;
mod peers;
mod process;
mod report;
mod rounds;
mod scenarios;
mod server;
mod upstream;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

/// Measure the gateway. Everything runs on loopback, for a bounded time, and is ended afterwards.
#[derive(Parser, Clone, Debug)]
pub struct Options {
    /// Which scenarios to run; all that take time, if left out
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,

    /// How often each peer has its turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,

    /// How long one turn is measured, in seconds
    #[arg(long, default_value_t = 4)]
    seconds: u64,

    /// The program to measure
    #[arg(long, default_value = "target/shipped/avenping", value_name = "FILE")]
    program: PathBuf,

    /// Another build of it, to take turns with in `saturated`: what a change gave
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,

    /// A PostgreSQL server where databases can be made; without it those turns are left out
    #[arg(long, env = "TEST_DATABASE_URL", value_name = "URL")]
    postgres: Option<String>,

    /// Where the results are written
    #[arg(long, default_value = "bench/results", value_name = "DIRECTORY")]
    results: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Sends, as many as the peer takes: 64 connections
    Saturated,
    /// 15,000 sends a second, open loop
    Steady,
    /// 9,900 sends in flight, the upstream answers after 300 ms
    InFlight,
    /// Signed posts of Meta's, stored before the 200
    Ingest,
    /// Events that pile up, delivered to who wants them
    Deliver,
    /// Many accounts, many messages, many tokens
    Growth,
    /// 100 MB up and down
    Media,
    /// From exec to the first answer, and memory when idle
    Start,
    /// Instructions of a send, counted by valgrind; only when asked for
    Instructions,
    /// Measures nothing: what a release is laid out for; only when asked for
    Train,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    machine::pin_ourselves()?;
    // Whoever is dropped ends what they started.
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            measured = scenarios::run(&options) => measured,
            _ = terminate.recv() => anyhow::bail!("told to end"),
            _ = interrupt.recv() => anyhow::bail!("told to end"),
        }
    })
}
