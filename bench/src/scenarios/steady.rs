//! So many sends a second, whatever the peer does: 15,000, and 3,000 with a key.

use std::time::Duration;

use super::saturated::{
    AXUM, BARE, DEFAULT, TEXT, contestant, send, text, text_upstream, variants,
};
use crate::Options;
use crate::gateway::{Installation, Storage};
use crate::http::post;
use crate::load::Target;
use crate::peers::{self, Nginx};
use crate::report::{Figures, Report, Row, Spread};
use crate::rounds::{Load, compare};
use crate::upstream::Upstream;

const CONNECTIONS: usize = 64;
const PER_SECOND: u64 = 15_000;

/// Few of those that have a key share a commit.
const KEYED_PER_SECOND: u64 = 3_000;

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let nginx = Nginx::start(upstream.port).await?;
    let bare = Installation::new(options, &Storage::Sqlite)?;
    let bare_process = bare.start(upstream.port, BARE).await?;
    let axum = peers::axum(upstream.port, &bare.token).await?;
    let usual = Installation::new(options, &Storage::Sqlite)?;
    let usual_process = usual.start(upstream.port, &[]).await?;

    let direct = post("/v23.0/106540352242922/messages", &[], text_upstream().as_bytes());
    let ask = |token: &str| send(token, TEXT, &text(), None);
    let contestants = [
        contestant("nginx, plain proxy", &nginx.process, |port| {
            Target::always(port, direct.clone())
        }),
        contestant(AXUM, &axum, |port| Target::always(port, ask(&bare.token))),
        contestant("gateway, no record, no log", &bare_process, |port| {
            Target::always(port, ask(&bare.token))
        }),
        contestant("gateway, by default", &usual_process, |port| {
            Target::always(port, ask(&usual.token))
        }),
    ];
    let load = Load::Open { connections: CONNECTIONS, per_second: PER_SECOND };
    let time = Duration::from_secs(options.seconds);
    let rows = compare(&contestants, load, options.rounds, time).await?;
    let told = format!("{PER_SECOND} a second over {CONNECTIONS} connections, open loop");
    report.table("send/text, steady", &told, &rows);

    // The same load straight at the upstream: what the way itself takes.
    let target = Target::always(upstream.port, direct);
    let mut straight = Vec::new();
    for _ in 0..options.rounds {
        straight.push(load.run(&target, time).await?.percentile(0.5));
    }
    let straight = Spread::of(straight).median;
    let mut figures = Figures::default();
    figures.note("direct call: p50, microseconds", straight);
    for Row { name, p50_micros, .. } in &rows {
        figures.note(format!("{name}: added p50, microseconds"), p50_micros.median - straight);
    }
    report.figures("send/text, steady: over the direct call", &told, figures);
    keyed(options, &upstream, &nginx, report).await
}

async fn keyed(
    options: &Options,
    upstream: &Upstream,
    nginx: &Nginx,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut gateways = Vec::new();
    for variant in variants(options).into_iter().filter(|variant| variant.settings == DEFAULT) {
        let installation = Installation::new(options, &variant.storage)?;
        let process = installation.start(upstream.port, variant.settings).await?;
        gateways.push((variant, installation, process));
    }
    let direct = post("/v23.0/106540352242922/messages", &[], text_upstream().as_bytes());
    let mut contestants =
        vec![contestant("nginx, plain proxy", &nginx.process, |port| Target::always(port, direct))];
    for (variant, installation, process) in &gateways {
        let target = |port| variant.target(port, &installation.token);
        contestants.push(contestant(&variant.name, process, target));
    }
    let load = Load::Open { connections: CONNECTIONS, per_second: KEYED_PER_SECOND };
    let time = Duration::from_secs(options.seconds);
    let rows = compare(&contestants, load, options.rounds, time).await?;
    let told = format!("{KEYED_PER_SECOND} a second over {CONNECTIONS} connections, open loop");
    report.table("send/text with a key, steady", &told, &rows);
    Ok(())
}
