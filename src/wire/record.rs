//! One request, as its log line tells it and the metrics count it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use super::Style;
use crate::graph::Errand;
use crate::limits::{Class, Counted, Slot};
use crate::metrics::Ongoing;
use crate::model::{AccountId, MaskedReceiver, TraceParent};
use crate::traces::{Request, RequestSpan};

/// What nginx calls it, too: the caller went away before there was an answer.
const CALLER_GONE: u16 = 499;

/// Filled in on the way by those who know. The line is written when the last of them is done: for
/// a send whose caller has gone, when the send has ended.
#[derive(Debug)]
pub struct RequestRecord {
    method: Method,
    counted: Ongoing,
    span: RequestSpan,
    request_id: HeaderValue,
    started: Instant,
    /// What calls to Graph keep to: the moment when the caller must have an answer, be it only
    /// that there is none, and the caller's trace.
    pub errand: Errand,
    /// In whose words the caller is answered.
    pub style: Style,
    pub account: OnceLock<AccountId>,
    to: OnceLock<MaskedReceiver>,
    outcome: OnceLock<&'static str>,
    answered: OnceLock<(StatusCode, Duration)>,
    upstream_micros: AtomicU64,
    pub class: Class,
    /// The places it holds: among all, and among its account's.
    slots: [OnceLock<Slot>; 2],
    /// The rate limits it was counted for.
    rates: [OnceLock<Counted>; 2],
}

impl RequestRecord {
    #[must_use]
    pub fn start(
        method: Method,
        counted: Ongoing,
        span: RequestSpan,
        request_id: HeaderValue,
        errand: Errand,
        class: Class,
        style: Style,
    ) -> Self {
        Self {
            method,
            counted,
            span,
            request_id,
            started: Instant::now(),
            errand,
            style,
            account: OnceLock::new(),
            to: OnceLock::new(),
            outcome: OnceLock::new(),
            answered: OnceLock::new(),
            upstream_micros: AtomicU64::new(0),
            class,
            slots: [const { OnceLock::new() }; 2],
            rates: [const { OnceLock::new() }; 2],
        }
    }

    #[must_use]
    pub fn request_id(&self) -> &HeaderValue {
        &self.request_id
    }

    /// Waits for Graph, and notes how long that took.
    pub async fn upstream<T>(&self, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = call.await;
        self.upstream_micros.fetch_add(micros(started.elapsed()), Ordering::Relaxed);
        answer
    }

    /// Keeps a place until the last who works on the request is done.
    pub fn hold(&self, slot: Slot) {
        put(&self.slots, slot);
    }

    /// Notes that it was counted, for the answer to tell.
    pub fn note_counted(&self, counted: Counted) {
        put(&self.rates, counted);
    }

    pub fn counted(&self) -> impl Iterator<Item = &Counted> {
        self.rates.iter().filter_map(OnceLock::get)
    }

    pub fn note_outcome(&self, outcome: &'static str) {
        self.outcome.get_or_init(|| outcome);
    }

    /// Whom a message is for.
    pub fn note_receiver(&self, to: MaskedReceiver) {
        self.to.get_or_init(|| to);
    }

    pub fn note_answer(&self, status: StatusCode) {
        self.answered.get_or_init(|| {
            let took = self.started.elapsed();
            self.counted.ended(status.as_u16(), took);
            (status, took)
        });
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let answered = self.answered.get().map(|(status, took)| (status.as_u16(), *took));
        let (status, took) = answered.unwrap_or_else(|| {
            let took = self.started.elapsed();
            self.counted.ended(CALLER_GONE, took);
            (CALLER_GONE, took)
        });
        let request_id = self.request_id.to_str().unwrap_or_default();
        let outcome = self.outcome.get().copied().unwrap_or("answered");
        self.span.ended(&Request {
            method: &self.method,
            route: self.counted.path(),
            status,
            account: self.account.get(),
            to: self.to.get(),
            request_id,
            outcome,
        });
        tracing::info!(
            target: "avenping::request",
            method = self.method.as_str(),
            route = self.counted.path(),
            status,
            micros = micros(took),
            upstream_micros = self.upstream_micros.load(Ordering::Relaxed),
            account = self.account.get().map(tracing::field::display),
            to = self.to.get().map(tracing::field::display),
            request_id,
            trace_id = self.errand.trace.as_ref().map(TraceParent::trace_id),
            outcome,
            "request"
        );
    }
}

/// Into the first if it is empty, else into the second.
fn put<T>([first, second]: &[OnceLock<T>; 2], value: T) {
    if let Err(value) = first.set(value) {
        second.get_or_init(|| value);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
