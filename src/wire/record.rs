//! One request, as its log line tells it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::MatchedPath;
use http::{HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use crate::limits::{Class, Counted, Slot};
use crate::model::AccountId;

/// What nginx calls it, too: the caller went away before there was an answer.
const CALLER_GONE: u16 = 499;

/// Filled in on the way by those who know. The line is written when the last of them is done: for
/// a send whose caller has gone, when the send has ended.
#[derive(Debug)]
pub struct RequestRecord {
    method: Method,
    route: Option<MatchedPath>,
    request_id: HeaderValue,
    started: Instant,
    /// When the caller must have an answer, be it only that there is none.
    pub deadline: Instant,
    pub account: OnceLock<AccountId>,
    outcome: OnceLock<&'static str>,
    answered: OnceLock<(StatusCode, Duration)>,
    upstream_micros: AtomicU64,
    pub class: Class,
    /// The places it holds: among all, and among its account's.
    slots: [OnceLock<Slot>; 2],
    /// The rate limits it was counted for.
    counted: [OnceLock<Counted>; 2],
}

impl RequestRecord {
    #[must_use]
    pub fn start(
        method: Method,
        route: Option<MatchedPath>,
        request_id: HeaderValue,
        class: Class,
        limit: Duration,
    ) -> Self {
        let started = Instant::now();
        Self {
            method,
            route,
            request_id,
            started,
            deadline: started + limit,
            account: OnceLock::new(),
            outcome: OnceLock::new(),
            answered: OnceLock::new(),
            upstream_micros: AtomicU64::new(0),
            class,
            slots: [const { OnceLock::new() }; 2],
            counted: [const { OnceLock::new() }; 2],
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
        put(&self.counted, counted);
    }

    pub fn counted(&self) -> impl Iterator<Item = &Counted> {
        self.counted.iter().filter_map(OnceLock::get)
    }

    pub fn note_outcome(&self, outcome: &'static str) {
        self.outcome.get_or_init(|| outcome);
    }

    pub fn note_answer(&self, status: StatusCode) {
        self.answered.get_or_init(|| (status, self.started.elapsed()));
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let answered = self.answered.get();
        let status = answered.map_or(CALLER_GONE, |(status, _)| status.as_u16());
        let took = answered.map_or_else(|| self.started.elapsed(), |(_, took)| *took);
        tracing::info!(
            target: "avenping::request",
            method = self.method.as_str(),
            route = self.route.as_ref().map_or("none", MatchedPath::as_str),
            status,
            micros = micros(took),
            upstream_micros = self.upstream_micros.load(Ordering::Relaxed),
            account = self.account.get().map(tracing::field::display),
            request_id = self.request_id.to_str().unwrap_or_default(),
            outcome = self.outcome.get().copied().unwrap_or("answered"),
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
