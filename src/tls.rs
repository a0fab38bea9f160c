//! How the gateway trusts the servers that it calls: one answer for all its clients.

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1. The roots come with the program: a bare container has
/// none of its own.
#[must_use]
pub fn client_config() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    #[expect(clippy::expect_used, reason = "ring has suites for both versions, always")]
    let builder = builder.with_protocol_versions(versions).expect("ring speaks TLS 1.2 and 1.3");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
