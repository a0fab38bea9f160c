//! A gateway from its settings to its end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::router;
use crate::clock::Clock;
use crate::config::{DeliverySettings, GraphSettings, ListenerSettings, WebhookSettings};
use crate::delivery::{WebhookClient, Worker};
use crate::graph::Graph;
use crate::server::Server;
use crate::state::{AppState, Callers, Readiness, Shared};
use crate::store::Store;

/// What a request may take beyond the longest of its parts.
const MARGIN: Duration = Duration::from_secs(5);
const MEDIA_MARGIN: Duration = Duration::from_secs(10);

/// What a gateway is made of.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    pub listener: ListenerSettings,
    pub graph: GraphSettings,
    pub webhooks: WebhookSettings,
    pub deliveries: DeliverySettings,
}

/// A gateway that listens, and is yet to be run.
#[derive(Debug)]
pub struct Gateway {
    server: Server,
    address: SocketAddr,
    state: AppState,
    worker: Worker,
    drain: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    #[error("cannot set up the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
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
        let listener = settings.listener;
        let failed = |error| StartError::Listen(listener.bind, error);
        let server = Server::bind(listener.bind, listener.header_timeout.get()).map_err(failed)?;
        let address = server.address().map_err(failed)?;
        let own =
            || Url::parse(&format!("http://{address}")).map_err(|_| StartError::Address(address));
        let body_timeout = listener.body_timeout.get();
        let deliveries = &settings.deliveries;
        let webhook_client = WebhookClient::new(deliveries, settings.webhooks.allow_private)?;
        let worker = Worker::new(store.clone(), webhook_client.clone(), clock.clone(), deliveries);
        let longest = body_timeout.max(settings.graph.send_timeout.get());
        let longest = longest.max(deliveries.timeout.get());
        let media_limit = settings.graph.media_timeout.get() + MEDIA_MARGIN;
        let state = AppState::new(Shared {
            graph: Graph::new(settings.graph)?,
            callers: Callers::new(store.clone(), clock.clone()),
            readiness: Readiness::default(),
            sends: TaskTracker::new(),
            stopping,
            public_url: listener.public_url.map_or_else(own, Ok)?,
            upstream_status: listener.upstream_status,
            webhooks: settings.webhooks,
            webhook_client,
            body_timeout,
            request_limit: longest + MARGIN,
            media_limit,
            store,
            clock,
        });
        Ok(Self { server, address, state, worker, drain: listener.drain_timeout.get() })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop: readiness says so at once, requests are served for
    /// `linger` so that a balancer can notice, then nothing new is taken and what runs ends.
    /// Webhooks are left to other nodes from the start; the attempts that run end first.
    pub async fn run(self, linger: Duration) {
        let Self { server, state, worker, drain, .. } = self;
        let stopping = state.stopping.clone();
        let mut delivering = JoinSet::new();
        delivering.spawn(worker.run(stopping.clone()));
        let stop_accepting = CancellationToken::new();
        let closing = async {
            stopping.cancelled().await;
            tokio::time::sleep(linger).await;
            stop_accepting.cancel();
        };
        tokio::join!(server.run(router(state.clone()), stop_accepting.clone(), drain), closing);
        state.sends.close();
        if timeout(drain, state.sends.wait()).await.is_err() {
            tracing::warn!("some sends did not end in time");
        }
        match timeout(drain, delivering.join_next()).await {
            Ok(Some(Err(error))) => tracing::error!(%error, "the delivery worker broke down"),
            Ok(_) => {}
            Err(_) => tracing::warn!("some webhooks did not end in time"),
        }
        delivering.shutdown().await;
        state.store.close().await;
    }
}
