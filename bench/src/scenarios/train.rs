//! The work by which a release is laid out in memory, see `deploy/build`: what a gateway does most,
//! each for a while. Nothing is measured.

use std::time::Duration;

use anyhow::ensure;

use super::ingest::{self, Update};
use super::saturated::{CONNECTIONS, kinds, send, variants};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::load::{Target, closed_loop, connections};
use crate::upstream::Upstream;

const POSTS: usize = 4_000;

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
    }
    for (update, batch) in [(Update::Message, 1), (Update::Message, 100), (Update::Status, 100)] {
        let installation = Installation::new(options, &Storage::Sqlite)?;
        let process = installation.start(upstream.port, ingest::SETTINGS).await?;
        ingest::set_url(&installation, process.port).await?;
        work(&ingest::target(process.port, update, batch, POSTS)?, time).await?;
    }
    Ok(())
}

/// It must be work that succeeds: refusals would lay out the wrong code.
async fn work(target: &Target, time: Duration) -> anyhow::Result<()> {
    let mut connections = connections(target.port, CONNECTIONS).await?;
    let outcome = closed_loop(target, &mut connections, time).await;
    let (answered, failed) = (outcome.answered, outcome.failed);
    ensure!(answered > 0 && failed == 0, "{failed} requests failed, {answered} did not");
    Ok(())
}
