//! The one HTTP client that carries Meta tokens.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, retry};
use url::Url;

use super::Credentials;
use crate::config::GraphSettings;
use crate::tls::client_config;

/// Below what Meta's side keeps open, so that a request seldom meets a connection just closed.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// All calls may share one HTTP/2 connection: one that is dead must not take them all along.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_PATIENCE: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("avenping-gateway/", env!("CARGO_PKG_VERSION"));

pub(super) fn client(settings: &GraphSettings) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(client_config())
        .redirect(Policy::none())
        // What may be tried again is decided in `exchange`, and paid for there.
        .retry(retry::never().max_retries_per_request(0))
        .no_proxy()
        .connect_timeout(settings.connect_timeout.get())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(usize::MAX)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_PATIENCE)
        .tcp_nodelay(true)
        .referer(false)
        .user_agent(USER_AGENT)
}

pub(super) fn post_json(
    client: &Client,
    url: Url,
    credentials: Credentials<'_>,
    body: Bytes,
) -> RequestBuilder {
    let json = HeaderValue::from_static("application/json");
    credentials.sign(client.post(url).header(CONTENT_TYPE, json).body(body))
}
