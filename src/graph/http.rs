//! The one HTTP client that carries Meta tokens.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::config::GraphSettings;
use crate::tls::client_config;

/// Below what Meta's side keeps open, so that a request seldom meets a connection just closed.
const POOL_IDLE: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("avenping-gateway/", env!("CARGO_PKG_VERSION"));

pub(super) fn client(settings: &GraphSettings) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_config())
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(settings.connect_timeout.get())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(usize::MAX)
        .tcp_nodelay(true)
        .referer(false)
        .user_agent(USER_AGENT)
        .build()
}
