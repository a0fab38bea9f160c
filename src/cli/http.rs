//! The client for what a command asks of a gateway or a sandbox that runs.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use crate::tls::client_config;

const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

pub(super) fn client() -> anyhow::Result<Client> {
    let builder = Client::builder()
        .tls_backend_preconfigured(client_config())
        // A token goes nowhere but where it was meant to.
        .redirect(Policy::none())
        .no_proxy()
        .timeout(TIMEOUT);
    builder.build().context("cannot set up the HTTP client")
}

pub(super) fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// Sends it, and reads the answer as JSON; `Null` for one that is not.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
}
