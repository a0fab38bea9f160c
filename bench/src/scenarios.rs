//! What is measured, one file a scenario.

mod deliver;
mod growth;
mod in_flight;
mod ingest;
mod instructions;
mod media;
mod saturated;
mod start;
mod steady;
mod train;

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::timeout;

use crate::report::Report;
use crate::{Options, Scenario};

/// Most of it is filling a database with ten million rows.
const PREPARING: Duration = Duration::from_secs(15 * 60);

/// No scenario has more of them in a round.
const MOST_TURNS: u32 = 60;

const ALL: [Scenario; 8] = [
    Scenario::Saturated,
    Scenario::Steady,
    Scenario::InFlight,
    Scenario::Ingest,
    Scenario::Deliver,
    Scenario::Growth,
    Scenario::Media,
    Scenario::Start,
];

pub async fn run(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::begin();
    let chosen = if options.scenarios.is_empty() { &ALL[..] } else { &options.scenarios };
    let turns = u32::try_from(options.rounds)?.saturating_mul(MOST_TURNS);
    let limit = PREPARING + Duration::from_secs(options.seconds).saturating_mul(turns);
    for scenario in chosen {
        let measured = run_one(*scenario, options, &mut report);
        timeout(limit, measured).await.with_context(|| {
            format!("{scenario:?} takes longer than {} s: somebody has stopped", limit.as_secs())
        })??;
    }
    if report.is_empty() {
        return Ok(());
    }
    report.write(&options.results)
}

async fn run_one(scenario: Scenario, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    match scenario {
        Scenario::Saturated => saturated::run(options, report).await,
        Scenario::Steady => steady::run(options, report).await,
        Scenario::InFlight => in_flight::run(options, report).await,
        Scenario::Ingest => ingest::run(options, report).await,
        Scenario::Deliver => deliver::run(options, report).await,
        Scenario::Growth => growth::run(options, report).await,
        Scenario::Media => media::run(options, report).await,
        Scenario::Start => start::run(options, report).await,
        Scenario::Instructions => instructions::run(options, report).await,
        Scenario::Train => train::run(options).await,
    }
}
