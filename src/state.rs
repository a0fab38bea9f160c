//! What handlers may ask for.

mod answers;
mod callers;
mod inbox;
mod readiness;
mod recorder;
mod templates;
mod vitals;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

pub use callers::{Caller, Callers, Found};
pub use inbox::Inbox;
pub use readiness::{Backlog, Readiness};
pub use recorder::{Recorder, RecorderTask};
pub use templates::Templates;

use crate::clock::Clock;
use crate::config::{RecordSettings, UpstreamStatus, WebhookSettings};
use crate::delivery::WebhookClient;
use crate::graph::Graph;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::traces::Traces;

/// Handles that every request shares.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// See [`AppState`].
pub struct Shared {
    pub store: Store,
    pub graph: Graph,
    pub clock: Clock,
    pub callers: Callers,
    pub templates: Templates,
    pub readiness: Readiness,
    pub limits: Limits,
    pub metrics: Metrics,
    pub traces: Traces,
    /// What must end before the process may: a send goes on when its caller has gone.
    pub sends: TaskTracker,
    /// Cancelled when the process is told to stop.
    pub stopping: CancellationToken,
    /// Cancelled shortly before a stop must be over: what may take longer gives up.
    pub cutting_off: CancellationToken,
    /// The address that callers use; links in answers start with it.
    pub public_url: Url,
    /// The OpenAPI document of all routes, as JSON.
    pub document: Bytes,
    pub upstream_status: UpstreamStatus,
    pub webhooks: WebhookSettings,
    pub recorder: Recorder,
    pub inbox: Inbox,
    pub records: RecordSettings,
    /// The way to customers' endpoints.
    pub webhook_client: WebhookClient,
    pub body_timeout: Duration,
    /// How long a request may take in all.
    pub request_limit: Duration,
    /// The same for one that carries a file.
    pub media_limit: Duration,
}

impl AppState {
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::ops::Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppState")
    }
}
