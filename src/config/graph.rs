//! How Meta's Graph API is reached.

use clap::{Args, ValueEnum};
use url::Url;

use super::{BreakerSettings, Period};
use crate::model::GraphVersion;

/// Which HTTP status a failure of Graph's gets from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpstreamStatus {
    /// 500 for all of them, as AvenPing answers
    Compatible,
    /// 400, 404, 429, 502 or 504, by what happened
    Mapped,
}

#[derive(Args, Clone, Debug)]
pub struct GraphSettings {
    /// Where Meta's Graph API is
    #[arg(id = "graph-url",
        long = "graph-url",
        env = "AVENPING_GRAPH_URL",
        default_value = "https://graph.facebook.com",
        value_parser = parse_base_url,
        value_name = "URL",
        global = true
    )]
    pub url: Url,

    /// The version of the Graph API to speak
    #[arg(
        id = "graph-version",
        long = "graph-version",
        env = "AVENPING_GRAPH_VERSION",
        default_value = "v23.0",
        value_name = "VERSION",
        global = true
    )]
    pub version: GraphVersion,

    /// How long connecting to Graph may take, TLS included
    #[arg(
        id = "graph-connect-timeout",
        long = "graph-connect-timeout",
        env = "AVENPING_GRAPH_CONNECT_TIMEOUT",
        default_value = "3s",
        value_name = "PERIOD",
        global = true
    )]
    pub connect_timeout: Period,

    /// How long a send may take in all
    #[arg(
        id = "graph-send-timeout",
        long = "graph-send-timeout",
        env = "AVENPING_GRAPH_SEND_TIMEOUT",
        default_value = "25s",
        value_name = "PERIOD",
        global = true
    )]
    pub send_timeout: Period,

    /// How long a read may take in all, with its retries
    #[arg(
        id = "graph-read-timeout",
        long = "graph-read-timeout",
        env = "AVENPING_GRAPH_READ_TIMEOUT",
        default_value = "15s",
        value_name = "PERIOD",
        global = true
    )]
    pub read_timeout: Period,

    /// How long an upload or a download of a media may take in all
    #[arg(
        id = "graph-media-timeout",
        long = "graph-media-timeout",
        env = "AVENPING_GRAPH_MEDIA_TIMEOUT",
        default_value = "120s",
        value_name = "PERIOD",
        global = true
    )]
    pub media_timeout: Period,

    #[command(flatten)]
    pub breakers: BreakerSettings,
}

/// An http or https URL, without a query: paths are put behind it.
pub(super) fn parse_base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "must be an http or https URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be an http or https URL".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("must have no user name, query or fragment".to_owned());
    }
    Ok(url)
}
