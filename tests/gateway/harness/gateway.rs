//! A gateway that runs, with Meta behind it and one account in it.

use std::net::SocketAddr;
use std::time::Duration;

use avenping_gateway::app::{Gateway as Program, GatewaySettings};
use avenping_gateway::clock::Clock;
use avenping_gateway::config::{
    BreakerSettings, DeliverySettings, GraphSettings, LimitSettings, ListenerSettings,
    MetaSettings, Period, RecordSettings, Secret, Switch, TemplateSettings, TraceSettings,
    UpstreamStatus, WebhookSettings,
};
use avenping_gateway::model::NewAccount;
use avenping_gateway::store::Store;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Ask, BY, Connection, Meta, NOW, Place, Scrape, at, somebody};

/// No limit of time is reached unless a case makes it a short one.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Gateway {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) meta: Meta,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    stopping: CancellationToken,
    running: JoinHandle<()>,
}

/// How a gateway is to start, where it differs from the others.
pub(crate) struct Setup {
    store: Store,
    linger: Duration,
    meta: Meta,
    pub(crate) settings: GatewaySettings,
}

/// What Meta signs its posts with, and the word of its handshake.
pub(crate) const APP_SECRET: &str = "the-secret-of-the-app";
pub(crate) const VERIFY_TOKEN: &str = "the-agreed-word";

impl Setup {
    pub(crate) async fn new(place: &Place) -> Self {
        Self::on(place.store().await).await
    }

    pub(crate) async fn on(store: Store) -> Self {
        let meta = Meta::start().await;
        let patience: Period = PATIENCE.into();
        let settings = GatewaySettings {
            listener: ListenerSettings {
                bind: "127.0.0.1:0".parse().unwrap(),
                metrics_bind: None,
                public_url: Some("https://gateway.example".parse().unwrap()),
                header_timeout: patience,
                body_timeout: patience,
                drain_timeout: patience,
                upstream_status: UpstreamStatus::Compatible,
            },
            graph: GraphSettings {
                url: meta.url().parse().unwrap(),
                version: "v23.0".parse().unwrap(),
                connect_timeout: patience,
                send_timeout: patience,
                read_timeout: patience,
                media_timeout: patience,
                breakers: BreakerSettings {
                    failures: 10,
                    open: Duration::from_secs(5).into(),
                    token_open: Duration::from_secs(30).into(),
                },
            },
            webhooks: WebhookSettings { allow_private: false },
            templates: TemplateSettings { check: Switch::On },
            records: RecordSettings {
                record_messages: true,
                idempotency_lease: patience,
                message_retention: Duration::from_secs(90 * 24 * 60 * 60).into(),
            },
            deliveries: DeliverySettings {
                retry_schedule: "0s,5s,5m".parse().unwrap(),
                slow_retry: patience,
                lease: patience,
                connect_timeout: patience,
                timeout: patience,
            },
            limits: LimitSettings::default(),
            traces: TraceSettings::default(),
            meta: MetaSettings {
                app_secrets: vec![Secret(APP_SECRET.into())],
                verify_token: Some(Secret(VERIFY_TOKEN.into())),
            },
        };
        Self { store, linger: Duration::from_millis(1), meta, settings }
    }

    pub(crate) fn mapped(mut self) -> Self {
        self.settings.listener.upstream_status = UpstreamStatus::Mapped;
        self
    }

    /// Another Meta than the usual one.
    pub(crate) fn graph(mut self, url: &str) -> Self {
        self.settings.graph.url = url.parse().unwrap();
        self
    }

    pub(crate) fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Whether another gateway on this database has made the usual account already.
    async fn has_account(&self) -> bool {
        self.store.account("ada@example.com").await.unwrap().is_some()
    }

    pub(crate) async fn start(self) -> Gateway {
        let clock = Clock::fixed(at(NOW));
        let stopping = CancellationToken::new();
        if !self.has_account().await {
            self.store.create_account(&somebody("ada"), &BY).await.unwrap();
        }
        let store = self.store.clone();
        let program =
            Program::bind(self.store, clock.clone(), self.settings, stopping.clone()).unwrap();
        let (address, metrics) = (program.address(), program.metrics_address());
        let running = tokio::spawn(program.run(self.linger));
        Gateway { store, clock, meta: self.meta, address, metrics, stopping, running }
    }
}

impl Gateway {
    pub(crate) async fn start(place: &Place) -> Self {
        Setup::new(place).await.start().await
    }

    /// Opens one more account.
    pub(crate) async fn join(&self, newcomer: &NewAccount) {
        self.store.create_account(newcomer, &BY).await.unwrap();
    }

    /// A request with the token of the account that is always there.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Ask {
        Ask::new(self.address, method, target)
    }

    pub(crate) fn get(&self, target: &str) -> Ask {
        self.ask("GET", target)
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Ask {
        self.ask("POST", target).json(&body.to_string())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are, if they have a listener of their own.
    pub(crate) fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The metrics as they are now.
    pub(crate) async fn scrape(&self) -> Scrape {
        Scrape::of(self.get("/metrics")).await
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// Lets so much time go by that every breaker which is open lets a call through.
    pub(crate) fn outlast_breakers(&self) {
        self.clock.advance(Duration::from_secs(60));
    }

    /// Asks it to stop, as a signal would.
    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.running.is_finished()
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(&mut self) {
        (&mut self.running).await.unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // What it has started beside itself ends, too, and lets go of the database.
        self.stopping.cancel();
        self.running.abort();
    }
}
