//! Turns: each peer is loaded in each round, in an order that rotates, and compared with the first
//! peer of the same round.

use std::time::Duration;

use crate::load::{self, Outcome, Target, closed_loop, open_loop};
use crate::process::Process;
use crate::report::{Row, Spread};

/// Long enough for what Node compiles while it runs.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// So many connections, each as fast as it is answered.
    Closed { connections: usize },
    /// So many requests a second over so many connections.
    Open { connections: usize, per_second: u64 },
}

/// Somebody who is measured.
pub struct Contestant<'a> {
    pub name: String,
    pub process: &'a Process,
    pub target: Target,
}

#[derive(Default)]
struct Turns {
    cpu: Vec<f64>,
    ratio: Vec<f64>,
    rate: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    failed: u64,
}

/// One row a contestant. The first one is what the others are compared with.
pub async fn compare(
    contestants: &[Contestant<'_>],
    load: Load,
    rounds: usize,
    time: Duration,
) -> anyhow::Result<Vec<Row>> {
    let mut turns: Vec<Turns> = contestants.iter().map(|_| Turns::default()).collect();
    for contestant in contestants {
        load.run(&contestant.target, WARM_UP).await?;
    }
    for round in 0..rounds {
        let mut costs = vec![0.0; contestants.len()];
        for place in 0..contestants.len() {
            let at = (place + round) % contestants.len();
            let contestant = &contestants[at];
            let before = contestant.process.cpu_micros()?;
            let outcome = load.run(&contestant.target, time).await?;
            let used = contestant.process.cpu_micros()? - before;
            costs[at] = used / outcome.answered.max(1) as f64;
            turns[at].note(&outcome, costs[at]);
        }
        for (turn, cost) in turns.iter_mut().zip(&costs) {
            turn.ratio.push(cost / costs[0]);
        }
    }
    Ok(contestants
        .iter()
        .zip(turns)
        .map(|(contestant, turns)| turns.row(&contestant.name))
        .collect())
}

impl Load {
    /// One turn, over connections of its own.
    pub async fn run(self, target: &Target, time: Duration) -> anyhow::Result<Outcome> {
        let (Self::Closed { connections } | Self::Open { connections, .. }) = self;
        let mut connections = load::connections(target.port, connections).await?;
        Ok(match self {
            Self::Closed { .. } => closed_loop(target, &mut connections, time).await,
            Self::Open { per_second, .. } => open_loop(target, connections, per_second, time).await,
        })
    }
}

impl Turns {
    fn note(&mut self, outcome: &Outcome, cost: f64) {
        self.cpu.push(cost);
        self.rate.push(outcome.per_second());
        self.p50.push(outcome.percentile(0.5));
        self.p99.push(outcome.percentile(0.99));
        self.failed += outcome.failed;
    }

    fn row(self, name: &str) -> Row {
        let Self { cpu, ratio, rate, p50, p99, failed } = self;
        Row {
            name: name.to_owned(),
            cpu_micros: Spread::of(cpu),
            ratio: Spread::of(ratio),
            per_second: Spread::of(rate),
            p50_micros: Spread::of(p50),
            p99_micros: Spread::of(p99),
            failed,
        }
    }
}
