//! 9,900 sends in flight, because the upstream takes its time.

use std::time::Duration;

use anyhow::ensure;

use super::saturated::{AXUM, BARE, TEXT, send, text};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::load::{Target, closed_loop, connections};
use crate::peers;
use crate::process::Process;
use crate::report::{Figures, Report};
use crate::upstream::Upstream;

const IN_FLIGHT: usize = 9_900;
const DELAY: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(500);
const STEPS: usize = 10;

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(DELAY).await?;
    let installation = Installation::new(options, &Storage::Sqlite)?;
    let token = &installation.token;
    let most = IN_FLIGHT.to_string();
    let mut settings = BARE.to_vec();
    // Every place in the house for one account: there is only one.
    settings
        .extend([("AVENPING_MAX_CONCURRENCY", most.as_str()), ("AVENPING_ACCOUNT_SHARE", "100")]);
    let [mut axum, mut gateway] = [Figures::default(), Figures::default()];
    // One after the other, and each is gone before the next: the descriptors would not do for both.
    for _ in 0..options.rounds.div_ceil(2) {
        let process = peers::axum(upstream.port, token).await?;
        measure(options, process, token, &mut axum).await?;
        let process = installation.start(upstream.port, &settings).await?;
        measure(options, process, token, &mut gateway).await?;
    }
    let told = format!(
        "{IN_FLIGHT} connections, closed loop, the upstream answers after 300 ms; no record, no log"
    );
    report.figures("send/text, in flight", &told, gateway);
    report.figures(&format!("the same, {AXUM}"), &told, axum);
    Ok(())
}

async fn measure(
    options: &Options,
    process: Process,
    token: &str,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (idle, _) = process.memory_kb()?;
    let target = Target::always(process.port, send(token, TEXT, &text(), None));
    // The same ones throughout: twice as many descriptors would not be had. They come by and by,
    // as callers do: if all wanted a new connection to Graph at once, some would not have it in
    // time, and the breaker would open.
    let mut callers = Vec::new();
    let mut failed = 0;
    for _ in 0..STEPS {
        callers.extend(connections(process.port, IN_FLIGHT / STEPS).await?);
        failed += closed_loop(&target, &mut callers, WARM_UP).await.failed;
    }

    ensure!(callers.len() == IN_FLIGHT, "only {} callers are left", callers.len());
    let before = process.cpu_micros()?;
    let time = Duration::from_secs(options.seconds.max(3) * 2);
    let outcome = closed_loop(&target, &mut callers, time).await;
    let used = process.cpu_micros()? - before;
    let (_, most) = process.memory_kb()?;
    let answered = outcome.answered.max(1) as f64;
    figures.add("lost, or answered with another status", (outcome.failed + failed) as f64);
    figures.note("sends a second", outcome.per_second());
    figures.note("CPU microseconds a send", used / answered);
    figures.note("sends a second of CPU", 1e6 * answered / used);
    figures.note("memory for each in flight, KB", (most - idle) / IN_FLIGHT as f64);
    figures.note("p99, milliseconds", outcome.percentile(0.99) / 1000.0);
    Ok(())
}
