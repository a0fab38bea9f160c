//! 9,900 sends in flight, because the upstream takes its time.

use std::time::Duration;

use anyhow::ensure;

use super::saturated::{AXUM, BARE, TEXT, send, text};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::load::{Target, closed_loop, connections};
use crate::peers;
use crate::process::Process;
use crate::report::Report;
use crate::upstream::Upstream;

const IN_FLIGHT: usize = 9_900;
const DELAY: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(500);
const STEPS: usize = 10;

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(DELAY).await?;
    let installation = Installation::new(options, &Storage::Sqlite)?;
    let token = &installation.token;
    // One after the other, and the first one is gone by then: the descriptors would not do for both.
    let axum = measured(options, peers::axum(upstream.port, token).await?, token).await?;
    let most = IN_FLIGHT.to_string();
    let mut settings = BARE.to_vec();
    // Every place in the house for one account: there is only one.
    settings
        .extend([("AVENPING_MAX_CONCURRENCY", most.as_str()), ("AVENPING_ACCOUNT_SHARE", "100")]);
    let process = installation.start(upstream.port, &settings).await?;
    let gateway = measured(options, process, token).await?;
    let told = format!(
        "{IN_FLIGHT} connections, closed loop, the upstream answers after 300 ms; no record, no log"
    );
    report.figures("send/text, in flight", &told, &gateway);
    report.figures(&format!("the same, {AXUM}"), &told, &axum);
    Ok(())
}

async fn measured(
    options: &Options,
    process: Process,
    token: &str,
) -> anyhow::Result<Vec<(String, f64)>> {
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
    Ok(vec![
        ("lost, or answered with another status".into(), (outcome.failed + failed) as f64),
        ("sends a second".into(), outcome.per_second()),
        ("CPU microseconds a send".into(), used / answered),
        ("sends a second that one core could take".into(), 1_000_000.0 * answered / used),
        ("memory for each in flight, KB".into(), (most - idle) / IN_FLIGHT as f64),
        ("p99, milliseconds".into(), outcome.percentile(0.99) / 1000.0),
    ])
}
