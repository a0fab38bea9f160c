//! Calls to Graph.

use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::latency::Latency;
use super::meta_code::{NO_CODE, meta_code};
use super::words::{Each, Word as _, words};
use super::{list, table};

words! {
    /// What is asked of Graph.
    pub CallKind as "kind" {
        /// A message.
        Send = "send",
        /// Something is looked up.
        Read = "read",
        /// Something is changed.
        Write = "write",
        Upload = "upload",
        /// The bytes of a media.
        Media = "media",
    }
}

words! {
    /// How a call ended.
    pub CallEnd as "outcome" {
        /// Graph took the message.
        Sent = "sent",
        Ok = "ok",
        Rejected = "rejected",
        NotSent = "not_sent",
        Unknown = "unknown",
        /// Whoever asked did not wait for the answer.
        Abandoned = "abandoned",
    }
}

words! {
    /// What a breaker stands before.
    pub BreakerKind as "kind" {
        Number = "number",
        /// Graph's, or one that has the bytes of media.
        Host = "host",
        /// The Meta token of an account.
        Token = "token",
    }
}

impl CallKind {
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word()
    }
}

impl CallEnd {
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    outcome: &'static str,
    code: &'static str,
}

/// All calls. Without a registry they are counted for nobody.
#[derive(Clone, Debug)]
pub struct Upstream {
    ended: Family<Labels, Counter>,
    fine: Each<CallKind, Counter>,
    took: Each<CallKind, Latency>,
    running: Each<CallKind, Gauge>,
    repeats: Counter,
    open_breakers: Each<BreakerKind, Gauge>,
}

/// A call that runs. Dropped without an end, it was abandoned.
#[derive(Debug)]
pub struct Call<'a> {
    all: &'a Upstream,
    kind: CallKind,
    started: Instant,
    ended: bool,
}

impl Default for Upstream {
    fn default() -> Self {
        let ended = Family::<Labels, Counter>::default();
        let fine = Each::made(|kind| ended.get_or_create_owned(&labels(kind, fine(kind), NO_CODE)));
        let (took, running, repeats) = (Each::default(), Each::default(), Counter::default());
        Self { ended, fine, took, running, repeats, open_breakers: Each::default() }
    }
}

fn fine(kind: CallKind) -> CallEnd {
    if kind == CallKind::Send { CallEnd::Sent } else { CallEnd::Ok }
}

fn labels(kind: CallKind, end: CallEnd, code: &'static str) -> Labels {
    Labels { kind: kind.word(), outcome: end.word(), code }
}

impl Upstream {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let upstream = Self::default();
        list(registry, &table::CALLS, upstream.ended.clone());
        list(registry, &table::CALL_TIME, upstream.took.clone());
        list(registry, &table::CALLS_RUNNING, upstream.running.clone());
        list(registry, &table::REPEATS, upstream.repeats.clone());
        list(registry, &table::BREAKERS, upstream.open_breakers.clone());
        upstream
    }

    #[must_use]
    pub fn begin(&self, kind: CallKind) -> Call<'_> {
        self.running.of(kind).inc();
        Call { all: self, kind, started: Instant::now(), ended: false }
    }

    pub fn set_open_breakers(&self, kind: BreakerKind, count: usize) {
        self.open_breakers.of(kind).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A call is tried once more.
    pub fn repeated(&self) {
        self.repeats.inc();
    }
}

impl Call<'_> {
    pub fn succeeded(mut self) {
        self.ended = true;
        self.all.fine.of(self.kind).inc();
    }

    /// It failed, with the code of Meta's error, if there was one.
    pub fn failed(mut self, end: CallEnd, code: Option<i64>) {
        self.ended = true;
        self.count(end, meta_code(code));
    }

    fn count(&self, end: CallEnd, code: &'static str) {
        self.all.ended.get_or_create(&labels(self.kind, end, code)).inc();
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.count(CallEnd::Abandoned, NO_CODE);
        }
        self.all.took.of(self.kind).observe(self.started.elapsed());
        self.all.running.of(self.kind).dec();
    }
}
