//! A stand-in for Meta's WhatsApp Cloud API, to build and test against without a Meta account.
//!
//! It listens on its own loopback port and is reached over HTTP, as Meta is. It reads every
//! payload anew, by Meta's published rules alone, and shares no type with the gateway's own
//! client: what one gets wrong, the other cannot excuse. `docs/sandbox.md` says what it has.

mod access;
mod answer;
mod codes;
mod demo;
mod errors;
mod faults;
mod flows;
mod inbound;
mod media;
mod messages;
mod nodes;
mod paging;
mod people;
mod phone_numbers;
mod profile;
mod projection;
mod query;
mod reader;
mod routes;
mod sent;
mod statuses;
mod templates;
mod webhooks;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::clock::Clock;
use crate::model::{GraphId, PhoneNumber};

pub use codes::{CODES, Code};
pub use demo::demo;
pub use sent::{Recipient, SentMessage};
pub use webhooks::Callback;
use world::World;

/// How long running requests may take to end when the sandbox is told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// What one sandbox is: one business account with its numbers, and the token that opens it.
#[derive(Clone, Debug)]
pub struct SandboxSettings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where uploaded media are kept; made if it is not there.
    pub media_dir: PathBuf,
    pub access_token: SecretString,
    pub waba_id: GraphId,
    pub phone_numbers: Vec<PhoneNumber>,
    pub clock: Clock,
    /// How long the slow recipient makes its caller wait.
    pub slow_answer: Duration,
    /// How long before each status that is told of a message.
    pub status_pause: Duration,
    /// How long before a webhook that was not taken is posted again; twice as long each time.
    pub retry_pause: Duration,
}

impl SandboxSettings {
    /// Any free loopback port.
    pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    /// What `slow_answer` is unless there is a reason for another.
    pub const SLOW_ANSWER: Duration = Duration::from_secs(3);
    /// The same for `status_pause`.
    pub const STATUS_PAUSE: Duration = Duration::from_millis(200);
    /// The same for `retry_pause`.
    pub const RETRY_PAUSE: Duration = Duration::from_millis(500);
}

/// A running sandbox. Dropped, it stops by itself; [`Sandbox::stop`] waits until it has.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    server: JoinHandle<io::Result<()>>,
    stopping: DropGuard,
}

impl Sandbox {
    /// Opens the media kept earlier, binds the port and answers from then on.
    ///
    /// # Errors
    /// When the port is taken, or the media directory cannot be made or read.
    pub async fn start(settings: SandboxSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let url =
            Url::parse(&format!("http://{}", listener.local_addr()?)).map_err(io::Error::other)?;
        let stopping = CancellationToken::new();
        let world = Arc::new(World::open(settings, url, stopping.clone()).await?);
        let router = routes::router(Arc::clone(&world));
        let server = axum::serve(listener, router)
            .with_graceful_shutdown(stopping.clone().cancelled_owned());
        let server = tokio::spawn(server.into_future());
        Ok(Self { world, server, stopping: stopping.drop_guard() })
    }

    /// Where it listens: the base URL to give to a client of the Graph API.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.world.url
    }

    /// Says whom to tell: statuses follow each message accepted from now on, and customers can
    /// write. It is said to a sandbox that runs, for what it calls back may need its URL first.
    pub fn call_back(&self, callback: Callback) {
        self.world.webhooks.call_back(callback);
    }

    /// The messages accepted so far, oldest first; also `GET /sandbox/messages`.
    #[must_use]
    pub fn messages(&self) -> Vec<SentMessage> {
        self.world.sent.all()
    }

    /// Ends what runs, recipients that never answer included, and gives the port back. Nothing is
    /// told any more.
    pub async fn stop(self) {
        let Self { world, mut server, stopping } = self;
        drop(stopping);
        if tokio::time::timeout(DRAIN, &mut server).await.is_err() {
            server.abort();
        }
        world.webhooks.ended().await;
    }
}
