//! The HTTP client that carries spans to a collector.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use opentelemetry_http::{HttpClient, HttpError};
use percent_encoding::percent_decode_str;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret as _;
use tokio::runtime::Handle;

use crate::config::Secret;
use crate::tls::client_config;
use crate::traces::TracesError;

/// What OpenTelemetry gives an export that nobody has set a limit for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The library calls it on a thread of its own, where no runtime is.
#[derive(Debug)]
pub(super) struct Client {
    client: reqwest::Client,
    runtime: Handle,
    failing: AtomicBool,
}

impl Client {
    /// A client with the headers that a collector asks for.
    pub(super) fn new(headers: Option<&Secret>) -> Result<Self, TracesError> {
        let headers = headers.map_or("", |headers| headers.0.expose_secret());
        let headers = read(headers).ok_or(TracesError::Headers)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config())
            .default_headers(headers)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| TracesError::Setup(error.to_string()))?;
        Ok(Self { client, runtime: Handle::current(), failing: AtomicBool::new(false) })
    }

    /// Says when it begins to fail, and when that is over: not each time.
    fn note(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let status = answer.as_ref().ok().map(Response::status);
        let fails = !status.is_some_and(|status| status.is_success());
        if self.failing.swap(fails, Ordering::Relaxed) == fails {
            return;
        }
        if fails {
            let status = status.as_ref().map(StatusCode::as_u16);
            tracing::warn!(status, "traces cannot be exported");
        } else {
            tracing::info!("traces are exported again");
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (mut head, body) = request.into_parts();
        // The library has read the headers of the environment for itself.
        head.headers.values_mut().for_each(|value| value.set_sensitive(true));
        let request = self.client.post(head.uri.to_string()).headers(head.headers).body(body);
        let exchange = self.runtime.spawn(async move {
            let mut response = request.send().await?;
            // What it says beyond that is for nobody here.
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            Ok::<_, reqwest::Error>(answer)
        });
        let answer = match exchange.await {
            Ok(answer) => answer.map_err(|error| error.without_url().into()),
            Err(ended) => Err(ended.into()),
        };
        self.note(&answer);
        answer
    }
}

/// `NAME=VALUE,NAME=VALUE`, the values with `%XX` for what a header or the list would not take.
fn read(list: &str) -> Option<HeaderMap> {
    let entries = list.split(',').filter(|entry| !entry.trim().is_empty());
    entries
        .map(|entry| {
            let (name, value) = entry.split_once('=')?;
            let value: Vec<u8> = percent_decode_str(value.trim()).collect();
            let mut value = HeaderValue::from_bytes(&value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn headers_are_read_as_opentelemetry_writes_them() {
        let headers = read("authorization=Basic%20eDp5, x-scope = a=b ,").unwrap();
        assert_eq!((headers.len(), &headers["x-scope"]), (2, &"a=b".parse().unwrap()));
        assert_eq!(headers["authorization"], "Basic eDp5");
        assert!(headers.values().all(http::HeaderValue::is_sensitive));
        for wrong in ["authorization", "a b=c", "=x", "x=%0a"] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
