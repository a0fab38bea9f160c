//! The one HTTP client that carries Meta tokens.

use std::time::Duration;

use reqwest::redirect::Policy;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring;

use crate::config::GraphSettings;

/// Below what Meta's side keeps open, so that a request seldom meets a connection just closed.
const POOL_IDLE: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("avenping-gateway/", env!("CARGO_PKG_VERSION"));

pub(super) fn client(settings: &GraphSettings) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls())
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

/// The roots come with the program: a bare container has none of its own.
fn tls() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    #[expect(clippy::expect_used, reason = "ring has suites for both versions, always")]
    let builder = builder.with_protocol_versions(versions).expect("ring speaks TLS 1.2 and 1.3");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
