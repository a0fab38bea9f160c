//! Where the gateway listens, and how long it waits for its callers.

use std::net::SocketAddr;

use clap::Args;
use url::Url;

use super::Period;
use super::graph::parse_base_url;

#[derive(Args, Clone, Debug)]
pub struct ListenerSettings {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, env = "AVENPING_BIND", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub bind: SocketAddr,

    /// Address and port for /metrics alone; on the listener of all if left out
    #[arg(
        id = "metrics-bind",
        long = "metrics-bind",
        env = "AVENPING_METRICS_BIND",
        value_name = "ADDR"
    )]
    pub metrics_bind: Option<SocketAddr>,

    /// The address that callers use, for links in answers; the listener's own if left out
    #[arg(id = "public-url",
        long = "public-url",
        env = "AVENPING_PUBLIC_URL",
        value_parser = parse_base_url,
        value_name = "URL"
    )]
    pub public_url: Option<Url>,

    /// How long a caller may take to send the head of a request
    #[arg(
        id = "header-timeout",
        long = "header-timeout",
        env = "AVENPING_HEADER_TIMEOUT",
        default_value = "10s",
        value_name = "PERIOD"
    )]
    pub header_timeout: Period,

    /// How long a caller may take to send the body of a request
    #[arg(
        id = "body-timeout",
        long = "body-timeout",
        env = "AVENPING_BODY_TIMEOUT",
        default_value = "30s",
        value_name = "PERIOD"
    )]
    pub body_timeout: Period,

    /// How long running requests may take to end when the gateway is told to stop
    #[arg(
        id = "drain-timeout",
        long = "drain-timeout",
        env = "AVENPING_DRAIN_TIMEOUT",
        default_value = "30s",
        value_name = "PERIOD"
    )]
    pub drain_timeout: Period,

    /// The HTTP status for a failure of Graph's
    #[arg(
        id = "upstream-status",
        long = "upstream-status",
        env = "AVENPING_UPSTREAM_STATUS",
        value_enum,
        default_value = "compatible",
        value_name = "STYLE"
    )]
    pub upstream_status: super::UpstreamStatus,
}
