//! Events that have piled up, each delivered to who wants them.

use std::time::Duration;

use anyhow::ensure;
use tokio::time::{Instant, sleep};

use super::ingest::{self, Update, storages};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::http::Connection;
use crate::load::wide_awake;
use crate::process::Process;
use crate::report::{Figures, Report};
use crate::upstream::Upstream;

const BATCH: usize = 100;
/// Messages, of which nobody has an answer before all of them are there.
const PILE: u64 = 30_000;
/// Each of a thousand senders is a lead as well.
const EVENTS: u64 = PILE + 1_000;
/// The first few wait for their answers until the last post is taken in.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("AVENPING_LOG", "off"),
    ("AVENPING_WEBHOOK_TIMEOUT", "60s"),
    ("AVENPING_WEBHOOK_LEASE", "120s"),
];
const LOOK: Duration = Duration::from_millis(1);

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let mut figures = Figures::default();
    for (name, storage) in storages(options) {
        for _ in 0..options.rounds.div_ceil(2) {
            let (rate, cost) = turn(options, &storage).await?;
            figures.note(format!("{name}: deliveries a second"), rate);
            figures.note(format!("{name}: CPU microseconds a delivery"), cost);
        }
    }
    let told = "one account, whose endpoint answers at once; its messages wait; the log off";
    report.figures("deliveries to a receiver", told, figures);
    Ok(())
}

/// Deliveries a second, and CPU time for each.
async fn turn(options: &Options, storage: &Storage) -> anyhow::Result<(f64, f64)> {
    let receiver = Upstream::start_shut(Duration::ZERO).await?;
    let installation = Installation::new(options, storage)?;
    let process = installation.start(receiver.port, SETTINGS).await?;
    pile_up(&installation, &process, &receiver).await?;
    receiver.open();
    let before = (process.cpu_micros()?, Instant::now());
    wide_awake(delivered(&receiver, before.1 + Duration::from_secs(options.seconds))).await;
    let took = before.1.elapsed().as_secs_f64();
    let used = process.cpu_micros()? - before.0;
    let given = receiver.given();
    ensure!(given > 0, "nothing was delivered");
    Ok((given as f64 / took, used / given as f64))
}

/// Takes the messages in.
pub(super) async fn pile_up(
    installation: &Installation,
    process: &Process,
    receiver: &Upstream,
) -> anyhow::Result<()> {
    ingest::set_url(installation, process.port, receiver.port).await?;
    let posts = usize::try_from(PILE)? / BATCH;
    let target = ingest::target(process.port, Update::Message, BATCH, posts)?;
    let mut meta = Connection::open(process.port).await?;
    for number in 0..u64::try_from(posts)? {
        let status = meta.ask(&(target.requests)(number)).await?;
        ensure!(status == 200, "a post was answered with {status}");
    }
    Ok(())
}

/// Returns at `end`, or before it if there is nothing left.
pub(super) async fn delivered(receiver: &Upstream, end: Instant) {
    while Instant::now() < end && receiver.given() < EVENTS {
        sleep(LOOK).await;
    }
}
