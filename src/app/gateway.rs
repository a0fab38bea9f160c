//! A gateway from its settings to its end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::chores::Chores;
use super::doors::{self, Door};
use super::{heartbeat, router};
use crate::clock::Clock;
use crate::config::{
    DeliverySettings, GraphSettings, LimitSettings, ListenerSettings, MetaSettings, RecordSettings,
    TemplateSettings, TraceSettings, WebhookSettings,
};
use crate::delivery::{WebhookClient, Worker};
use crate::graph::Graph;
use crate::limits::{Limits, Shares};
use crate::metrics::Metrics;
use crate::openapi;
use crate::state::{
    AppState, Callers, Inbox, Readiness, Recorder, RecorderTask, Shared, Templates,
};
use crate::store::{Store, metered};
use crate::traces::{Traces, TracesError};

/// What a request may take beyond the longest of its parts.
const MARGIN: Duration = Duration::from_secs(5);
const MEDIA_MARGIN: Duration = Duration::from_secs(10);

/// Parts of the drain timeout: when what is still running gives up by itself, and when connections
/// are no longer waited for.
const CUT_OFF: f64 = 0.8;
const LAST_CALL: f64 = 0.9;

/// What a gateway is made of.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    pub listener: ListenerSettings,
    pub graph: GraphSettings,
    pub webhooks: WebhookSettings,
    pub records: RecordSettings,
    pub templates: TemplateSettings,
    pub meta: MetaSettings,
    pub deliveries: DeliverySettings,
    pub limits: LimitSettings,
    pub traces: TraceSettings,
}

/// A gateway that listens, and is yet to be run.
#[derive(Debug)]
pub struct Gateway {
    callers: Door,
    /// Where the metrics are, if they have a place of their own.
    metrics: Option<Door>,
    state: AppState,
    recording: RecorderTask,
    worker: Worker,
    drain: Duration,
    heartbeat: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    #[error("cannot set up the HTTP client")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Traces(#[from] TracesError),
    #[error("the address {0} makes no URL")]
    Address(SocketAddr),
}

impl Gateway {
    /// Takes the port. Callers may connect from now on; they are served once it runs.
    ///
    /// # Errors
    /// When the port cannot be had, or TLS cannot be set up.
    pub fn bind(
        store: Store,
        clock: Clock,
        settings: GatewaySettings,
        stopping: CancellationToken,
    ) -> Result<Self, StartError> {
        let metrics = Metrics::new(clock.now());
        let store = metered(store, metrics.store.clone());
        let traces = Traces::start(&settings.traces)?;
        let listener = settings.listener;
        let (callers, metrics_apart) = doors::open(&listener)?;
        let address = callers.address;
        let own =
            || Url::parse(&format!("http://{address}")).map_err(|_| StartError::Address(address));
        let body_timeout = listener.body_timeout.get();
        let deliveries = &settings.deliveries;
        let webhook_client = WebhookClient::new(deliveries, settings.webhooks.allow_private)?;
        let worker = Worker::new(
            store.clone(),
            webhook_client.clone(),
            clock.clone(),
            deliveries,
            metrics.deliveries.clone(),
        );
        let longest = body_timeout.max(settings.graph.send_timeout.get());
        let longest = longest.max(deliveries.timeout.get());
        let media_limit = settings.graph.media_timeout.get() + MEDIA_MARGIN;
        let (recorder, recording) = Recorder::start(store.clone(), metrics.records.clone());
        let public_url = listener.public_url.map_or_else(own, Ok)?;
        let root = public_url.path().trim_end_matches('/');
        let document = openapi::document(&callers.offer.routes(), root);
        let state = AppState::new(Shared {
            graph: Graph::new(
                settings.graph,
                clock.clone(),
                metrics.upstream.clone(),
                traces.clone(),
            )?,
            callers: Callers::new(
                store.clone(),
                clock.clone(),
                Shares::new(&settings.limits),
                metrics.tokens.clone(),
            ),
            templates: Templates::new(&settings.templates, clock.clone()),
            limits: Limits::new(&settings.limits, clock.clone(), metrics.refusals.clone()),
            readiness: Readiness::default(),
            sends: TaskTracker::new(),
            stopping,
            cutting_off: CancellationToken::new(),
            document: document.to_json().unwrap_or_default().into(),
            public_url,
            upstream_status: listener.upstream_status,
            webhooks: settings.webhooks,
            recorder,
            inbox: Inbox::start(store.clone(), settings.meta, metrics.inbound.clone()),
            records: settings.records,
            webhook_client,
            body_timeout,
            request_limit: longest + MARGIN,
            media_limit,
            metrics,
            traces,
            store,
            clock,
        });
        let drain = listener.drain_timeout.get();
        let heartbeat = settings.limits.heartbeat.get();
        let metrics = metrics_apart;
        Ok(Self { callers, metrics, state, recording, worker, drain, heartbeat })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.callers.address
    }

    /// Where the metrics are, if they have a listener of their own.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|door| door.address)
    }

    /// Serves until it is told to stop: readiness says so at once, requests are served for
    /// `linger` so that a balancer can notice, then nothing new is taken and what runs ends. All
    /// of it is over within `linger` and the drain timeout. Webhooks are left to other nodes from
    /// the start; the attempts that run end first. Metrics with a listener of their own can be
    /// read until the end.
    pub async fn run(self, linger: Duration) {
        let Self { callers, metrics, state, recording, worker, drain, heartbeat } = self;
        let chores = Chores {
            store: state.store.clone(),
            clock: state.clock.clone(),
            records: state.records.clone(),
            stop: state.stopping.clone(),
        };
        let shared = state.clone();
        let chores = tokio::spawn(async move {
            let stopping = || shared.stopping.clone();
            let rates = &shared.limits.rates;
            let beating = heartbeat::run(&shared.store, rates, heartbeat, stopping());
            tokio::join!(chores.run(), beating, shared.limits.tend(stopping()));
        });
        let mut delivering = JoinSet::new();
        delivering.spawn(worker.run(state.stopping.clone()));
        let stop_accepting = CancellationToken::new();
        let closing = async {
            state.stopping.cancelled().await;
            tokio::time::sleep(linger).await;
            stop_accepting.cancel();
            Instant::now() + drain
        };
        let cutting_off = async {
            stop_accepting.cancelled().await;
            tokio::time::sleep(drain.mul_f64(CUT_OFF)).await;
            state.cutting_off.cancel();
            std::future::pending().await
        };
        let last_call = drain.mul_f64(LAST_CALL);
        let mut telling = JoinSet::new();
        if let Some(Door { server, offer, address }) = metrics {
            tracing::info!(%address, "the metrics have a listener of their own");
            let router = router(offer.routes(), offer.metas_routes(), &state);
            telling.spawn(server.run(router, CancellationToken::new(), last_call));
        }
        let router = router(callers.offer.routes(), callers.offer.metas_routes(), &state);
        let serving = callers.server.run(router, stop_accepting.clone(), last_call);
        let end = tokio::select! {
            ((), end) = async { tokio::join!(serving, closing) } => end,
            end = cutting_off => end,
        };
        state.sends.close();
        if timeout_at(end, state.sends.wait()).await.is_err() {
            tracing::warn!("some sends did not end in time");
        }
        match timeout_at(end, delivering.join_next()).await {
            Ok(Some(Err(error))) => tracing::error!(%error, "the delivery worker broke down"),
            Ok(_) => {}
            Err(_) => tracing::warn!("some webhooks did not end in time"),
        }
        delivering.shutdown().await;
        recording.finish(end.saturating_duration_since(Instant::now())).await;
        if let Err(error) = chores.await {
            tracing::error!(%error, "the chores ended early");
        }
        telling.shutdown().await;
        state.traces.finish(end.saturating_duration_since(Instant::now())).await;
        state.store.close().await;
    }
}
