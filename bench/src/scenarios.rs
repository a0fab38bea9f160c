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

use crate::report::Report;
use crate::{Options, Scenario};

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
    let mut report = Report::default();
    let chosen = if options.scenarios.is_empty() { &ALL[..] } else { &options.scenarios };
    for scenario in chosen {
        match scenario {
            Scenario::Saturated => saturated::run(options, &mut report).await?,
            Scenario::Steady => steady::run(options, &mut report).await?,
            Scenario::InFlight => in_flight::run(options, &mut report).await?,
            Scenario::Ingest => ingest::run(options, &mut report).await?,
            Scenario::Deliver => deliver::run(options, &mut report).await?,
            Scenario::Growth => growth::run(options, &mut report).await?,
            Scenario::Media => media::run(options, &mut report).await?,
            Scenario::Start => start::run(options, &mut report).await?,
            Scenario::Instructions => instructions::run(options, &mut report).await?,
            Scenario::Train => train::run(options).await?,
        }
    }
    if report.is_empty() {
        return Ok(());
    }
    report.write(&options.results)
}
