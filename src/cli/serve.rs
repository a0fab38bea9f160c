//! `avenping serve`

use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{CommonSettings, output, store};
use crate::app::{Gateway, GatewaySettings};
use crate::clock::Clock;
use crate::config::{
    DeliverySettings, LimitSettings, ListenerSettings, MetaSettings, RecordSettings,
    TemplateSettings, TraceSettings, WebhookSettings,
};

/// How long a balancer gets to notice that readiness is gone.
const LINGER: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
#[command(after_help = "Example:
  DATABASE_URL=sqlite:///var/lib/avenping/avenping.db avenping serve --bind 0.0.0.0:8080")]
pub(super) struct Serve {
    #[command(flatten)]
    listener: ListenerSettings,

    #[command(flatten)]
    deliveries: DeliverySettings,

    #[command(flatten)]
    webhooks: WebhookSettings,

    #[command(flatten)]
    records: RecordSettings,

    #[command(flatten)]
    templates: TemplateSettings,

    #[command(flatten)]
    meta: MetaSettings,

    #[command(flatten)]
    limits: LimitSettings,

    #[command(flatten)]
    traces: TraceSettings,
}

impl Serve {
    pub(super) async fn run(self, settings: CommonSettings) -> anyhow::Result<()> {
        raise_descriptor_limit();
        let stopping = CancellationToken::new();
        let linger = stop_on_signals(stopping.clone(), self.listener.drain_timeout.get())?;
        let store = store::open(&settings).await?;
        let gateway_settings = GatewaySettings {
            listener: self.listener,
            graph: settings.graph,
            webhooks: self.webhooks,
            records: self.records,
            templates: self.templates,
            meta: self.meta,
            deliveries: self.deliveries,
            limits: self.limits,
            traces: self.traces,
        };
        let gateway = Gateway::bind(store, Clock::system(), gateway_settings, stopping)?;
        // Scripts wait for this line.
        output::line(format_args!("listening on http://{}", gateway.address()))?;
        gateway.run(linger).await;
        Ok(())
    }
}

/// The first SIGTERM or Ctrl-C asks to stop, the second one ends the process at once.
pub(super) fn stop_on_signals(
    stopping: CancellationToken,
    drain: Duration,
) -> anyhow::Result<Duration> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        tracing::info!("stopping: running requests come to their end");
        stopping.cancel();
        tokio::select! { _ = terminate.recv() => {} _ = interrupt.recv() => {} }
        end_at_once();
    });
    Ok(LINGER.min(drain / 6))
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait")]
fn end_at_once() {
    std::process::exit(1);
}

/// Each request in flight holds two descriptors, and systems start programs with room for 1024.
pub(super) fn raise_descriptor_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
