//! Where the deliveries come to: a port of this machine that checks the signature of each.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::printed;
use super::settings::PATH;
use crate::cli::output;

const SIGNATURE: &str = "x-avenping-signature";
/// Above anything that Meta posts.
const LARGEST_BODY: usize = 8 * 1024 * 1024;
const DRAIN: Duration = Duration::from_secs(2);

/// An open port, where nobody answers yet.
pub(super) struct Receiver {
    listener: TcpListener,
    url: Url,
}

pub(super) struct Receiving {
    server: JoinHandle<std::io::Result<()>>,
    stopping: CancellationToken,
}

struct Known {
    code: SecretString,
    json: bool,
}

impl Receiver {
    pub(super) async fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot open a port")?;
        let url = Url::parse(&format!("http://{}{PATH}", listener.local_addr()?))?;
        Ok(Self { listener, url })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn start(self, code: SecretString, json: bool) -> Receiving {
        let router = Router::new()
            .route(PATH, post(receive))
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .with_state(Arc::new(Known { code, json }));
        let stopping = CancellationToken::new();
        let server = axum::serve(self.listener, router)
            .with_graceful_shutdown(stopping.clone().cancelled_owned());
        Receiving { server: tokio::spawn(server.into_future()), stopping }
    }
}

impl Receiving {
    pub(super) async fn stop(mut self) {
        self.stopping.cancel();
        if tokio::time::timeout(DRAIN, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

async fn receive(State(known): State<Arc<Known>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&headers, &body, &known.code) {
        output::complain("a post whose signature does not fit was refused");
        return StatusCode::UNAUTHORIZED;
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    match printed::print(id, &body, known.json) {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            output::complain(format_args!("a delivery could not be printed: {error:#}"));
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// One of the signatures fits: there are two while the code is being rotated.
fn is_signed(headers: &HeaderMap, body: &[u8], code: &SecretString) -> bool {
    let shown = headers.get_all(SIGNATURE).iter().filter_map(|shown| shown.to_str().ok());
    shown.flat_map(|shown| shown.split([',', ' '])).any(|shown| {
        let signature = shown.strip_prefix("sha256=").and_then(|digits| hex::decode(digits).ok());
        let mac = Hmac::<Sha256>::new_from_slice(code.expose_secret().as_bytes());
        let (Some(signature), Ok(mac)) = (signature, mac) else { return false };
        mac.chain_update(body).verify_slice(&signature).is_ok()
    })
}
