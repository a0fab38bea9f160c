//! What the sandbox tells on its own: posts to a callback, in the background, as Meta does.

mod body;
mod handshake;
mod post;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::tls::client_config;

pub(crate) use body::{Told, body};

/// Posts under way at once. Others wait, so that a burst does not use up every connection.
const AT_ONCE: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whom the sandbox tells, and with what it proves who it is.
#[derive(Clone, Debug)]
pub struct Callback {
    pub url: Url,
    /// The secret of the Meta app that the sandbox plays; it signs every post.
    pub app_secret: SecretString,
    /// Shown once, when the callback is set; without one there is no handshake.
    pub verify_token: Option<SecretString>,
}

#[derive(Debug)]
pub(crate) struct Webhooks {
    callback: RwLock<Option<Arc<Callback>>>,
    client: reqwest::Client,
    turns: Semaphore,
    retry_pause: Duration,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Webhooks {
    pub(crate) fn new(
        retry_pause: Duration,
        stopping: CancellationToken,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config())
            .redirect(Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .user_agent("facebookexternalua")
            .build()?;
        Ok(Self {
            callback: RwLock::default(),
            client,
            turns: Semaphore::new(AT_ONCE),
            retry_pause,
            tasks: TaskTracker::new(),
            stopping,
        })
    }

    /// `None` until somebody wants to be told.
    pub(crate) fn callback(&self) -> Option<Arc<Callback>> {
        self.callback.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happens from now on is told to `callback`.
    pub(crate) fn call_back(&self, callback: Callback) {
        let callback = Arc::new(callback);
        let client = self.client.clone();
        let known = Arc::clone(&callback);
        self.spawn(async move { handshake::make(&client, &known).await });
        *self.callback.write().unwrap_or_else(PoisonError::into_inner) = Some(callback);
    }

    /// Posts `body` until it is taken, or there is no hope left.
    pub(crate) async fn tell(&self, callback: &Callback, body: &Value) {
        let post = post::Post::new(body, callback);
        post.until_taken(&self.client, &self.turns, self.retry_pause).await;
    }

    /// Does the work in the background; it ends where it is when the sandbox stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move { stopping.run_until_cancelled(work).await });
    }

    /// Waits until nothing is done in the background any more. The sandbox must be stopping.
    pub(crate) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
