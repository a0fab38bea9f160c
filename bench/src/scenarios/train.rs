//! The work by which a release is laid out in memory, see `deploy/build`: what a gateway does most,
//! each for a while. Nothing is measured. What a program does at its end, such as to write down
//! what it has counted, is waited for.

use std::time::Duration;

use anyhow::ensure;
use tokio::time::Instant;

use super::deliver;
use super::ingest::{self, POSTS_OF_HUNDRED, POSTS_OF_ONE, Update};
use super::saturated::{CONNECTIONS, kinds, send, variants};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::load::{Target, closed_loop, connections, wide_awake};
use crate::upstream::Upstream;

pub(super) async fn run(options: &Options) -> anyhow::Result<()> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let time = Duration::from_secs(options.seconds);
    for variant in variants(options) {
        let installation = Installation::new(options, &variant.storage)?;
        let process = installation.start(upstream.port, variant.settings).await?;
        work(&variant.target(process.port, &installation.token), time).await?;
        for (_, path, body) in kinds() {
            let request = send(&installation.token, path, &body, None);
            work(&Target::always(process.port, request), time).await?;
        }
        process.end()?;
    }
    let posts = [
        (Update::Message, 1, POSTS_OF_ONE),
        (Update::Message, 100, POSTS_OF_HUNDRED),
        (Update::Status, 100, POSTS_OF_HUNDRED),
    ];
    for (update, batch, posts) in posts {
        let installation = Installation::new(options, &Storage::Sqlite)?;
        let process = installation.start(upstream.port, ingest::SETTINGS).await?;
        ingest::set_url(&installation, process.port, ingest::NOBODY).await?;
        work(&ingest::target(process.port, update, batch, posts)?, time).await?;
        process.end()?;
    }
    let receiver = Upstream::start_shut(Duration::ZERO).await?;
    let installation = Installation::new(options, &Storage::Sqlite)?;
    let process = installation.start(upstream.port, deliver::SETTINGS).await?;
    deliver::pile_up(&installation, &process, &receiver).await?;
    receiver.open();
    wide_awake(deliver::delivered(&receiver, Instant::now() + time)).await;
    ensure!(receiver.given() > 100, "{} deliveries", receiver.given());
    process.end()
}

/// It must be work that succeeds, but for a few: refusals would lay out the wrong code.
async fn work(target: &Target, time: Duration) -> anyhow::Result<()> {
    let mut connections = connections(target.port, CONNECTIONS).await?;
    let outcome = closed_loop(target, &mut connections, time).await;
    let (answered, failed) = (outcome.answered, outcome.failed);
    ensure!(answered > 100 * failed, "{failed} requests failed, {answered} did not");
    Ok(())
}
