//! Traces, for an OpenTelemetry collector: a span for each request, and one below it for each try
//! of a call to Graph.
//!
//! Without the feature `otel`, or without a collector's address, a caller's trace is passed on to
//! Graph as it came, and nothing else happens.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod otlp;

use std::time::Duration;

use http::Method;
use url::Url;

#[cfg(not(feature = "otel"))]
use absent::{Exporter, Running};
#[cfg(feature = "otel")]
use otlp::{Exporter, Running};

use crate::config::TraceSettings;
use crate::metrics::{CallEnd, CallKind};
use crate::model::{AccountId, MaskedReceiver, TraceParent};

/// What the router has no path for has a span without a route.
const NO_ROUTE: &str = "none";

/// A handle to what exports traces; clones share it. The default exports none.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Exporter>);

/// Why traces cannot be exported. It tells nothing of a setting's value.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("OTEL_EXPORTER_OTLP_HEADERS must be like NAME=VALUE,NAME=VALUE")]
    Headers,
    #[error("cannot export traces: {0}")]
    Setup(String),
}

/// The part of a request in a trace. It ends when it is dropped.
#[derive(Debug)]
pub struct RequestSpan(Part);

/// The part of one try of a call to Graph in a trace. It ends when it is dropped, and tells that
/// nobody waited for the end, unless it was told of one.
#[derive(Debug)]
pub struct CallSpan {
    part: Part,
    ended: bool,
}

#[derive(Debug)]
struct Part {
    trace: Option<TraceParent>,
    running: Option<Running>,
}

/// What a span tells of a request: nothing of its body, its query or its token.
#[derive(Debug)]
pub struct Request<'a> {
    pub method: &'a Method,
    pub route: &'static str,
    pub status: u16,
    pub account: Option<&'a AccountId>,
    pub to: Option<&'a MaskedReceiver>,
    pub request_id: &'a str,
    pub outcome: &'static str,
}

/// On which side of a call a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// That of who is asked: its parent is elsewhere.
    Server,
    Client,
}

impl Traces {
    /// Begins to export, if there is an address to export to. To be called within the runtime that
    /// the exports will run on.
    ///
    /// # Errors
    /// When a setting cannot be right.
    pub fn start(settings: &TraceSettings) -> Result<Self, TracesError> {
        match &settings.endpoint {
            Some(endpoint) => Ok(Self(Exporter::start(endpoint, settings)?)),
            None => Ok(Self(None)),
        }
    }

    /// A request came in, by a caller who is perhaps in a trace.
    #[must_use]
    pub fn request(
        &self,
        method: &Method,
        route: &'static str,
        caller: Option<TraceParent>,
    ) -> RequestSpan {
        let name = || match (known(method), route) {
            (method, NO_ROUTE) => method.to_owned(),
            (method, route) => format!("{method} {route}"),
        };
        RequestSpan(self.part(Side::Server, name, caller))
    }

    /// Graph is about to be asked, after so many tries that failed.
    #[must_use]
    pub fn call(&self, kind: CallKind, parent: Option<TraceParent>, tries: u32) -> CallSpan {
        let mut part = self.part(Side::Client, || format!("graph {}", kind.name()), parent);
        if let Some(span) = &mut part.running {
            span.text("avenping.call", kind.name());
            if tries > 0 {
                span.number("http.request.resend_count", tries.into());
            }
        }
        CallSpan { part, ended: false }
    }

    /// Exports what has ended, for at most so long; then no more.
    pub async fn finish(&self, limit: Duration) {
        if let Some(exporter) = &self.0 {
            exporter.finish(limit).await;
        }
    }

    fn part(&self, side: Side, name: impl FnOnce() -> String, parent: Option<TraceParent>) -> Part {
        let running = self.0.as_ref().map(|exporter| exporter.begin(side, name(), parent));
        // One that has no id, for the exporter has finished, leaves the trace as it is.
        let trace = running.as_ref().and_then(Running::trace).or(parent);
        Part { trace, running }
    }
}

impl RequestSpan {
    /// The trace that the request is part of, for what is done on its behalf.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        self.0.trace
    }

    pub fn ended(&mut self, request: &Request<'_>) {
        let Some(span) = &mut self.0.running else { return };
        span.text("http.request.method", known(request.method));
        if request.route != NO_ROUTE {
            span.text("http.route", request.route);
        }
        span.number("http.response.status_code", request.status.into());
        span.text("avenping.request_id", request.request_id);
        span.text("avenping.outcome", request.outcome);
        if let Some(account) = request.account {
            span.text("avenping.account", &account.to_string());
        }
        if let Some(to) = request.to {
            span.text("avenping.to", &to.to_string());
        }
        if request.status >= 500 {
            span.fail(request.outcome);
        }
    }
}

impl CallSpan {
    /// What Graph has to be told of the trace.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        self.part.trace
    }

    /// Of the URL it tells the host alone: a path may name people, and a query may be a secret.
    pub fn asks(&mut self, method: &str, url: &Url) {
        let Some(span) = &mut self.part.running else { return };
        span.text("http.request.method", method);
        span.text("server.address", url.host_str().unwrap_or_default());
        span.number("server.port", url.port_or_known_default().unwrap_or_default().into());
    }

    pub fn answered(&mut self, status: u16) {
        if let Some(span) = &mut self.part.running {
            span.number("http.response.status_code", status.into());
        }
    }

    /// It came to its end: a good one, if there is no other.
    pub fn ended(mut self, failed: Option<CallEnd>) {
        self.ended = true;
        self.tell(failed);
    }

    fn tell(&mut self, failed: Option<CallEnd>) {
        if let (Some(span), Some(end)) = (&mut self.part.running, failed) {
            span.fail(end.name());
        }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(Some(CallEnd::Abandoned));
        }
    }
}

/// Callers may invent methods: their words stay out of names.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
