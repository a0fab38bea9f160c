//! From exec to the first answer, and memory when idle.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::http::{Connection, get};
use crate::report::{Figures, Report};
use crate::upstream::Upstream;

/// Long enough for everything that happens at the start to have happened.
const SETTLED: Duration = Duration::from_secs(2);

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let installation = Installation::new(options, &Storage::Sqlite)?;
    let mut figures = Figures::default();
    for _ in 0..options.rounds {
        let started = Instant::now();
        let process = installation.start(upstream.port, &[]).await?;
        let answer = Connection::open(process.port).await?.ask(&get("/v2/ready", &[])).await?;
        anyhow::ensure!(answer == 200, "it was not ready: {answer}");
        let millis = started.elapsed().as_secs_f64() * 1000.0;
        figures.note("milliseconds to the first answer", millis);
        sleep(SETTLED).await;
        figures.note("MB resident, idle", process.memory_kb()?.0 / 1024.0);
    }
    let told = "SQLite with one account; exec to the first 200 of /v2/ready, then idle";
    report.figures("start", told, figures);
    Ok(())
}
