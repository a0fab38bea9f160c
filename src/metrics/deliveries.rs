//! Our webhooks to customers.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::gauge::{Known, float};
use super::latency::Latency;
use super::words::{Each, words};
use super::{list, table};

words! {
    /// How an attempt ended.
    pub AttemptEnd as "result" {
        Delivered = "delivered",
        /// It failed, and there will be another.
        Retry = "retry",
        /// It failed, and was the last one.
        Dead = "dead",
        /// The endpoint is paused from now on.
        Disabled = "disabled",
        /// How it ended could not be written: another may make it again.
        Unwritten = "unwritten",
        /// It broke inside the gateway.
        Broken = "broken",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    ended: Each<AttemptEnd, Counter>,
    took: Latency,
    running: Gauge,
    oldest_due: Known,
    pending: Known,
}

/// An attempt that runs.
#[derive(Debug)]
pub struct Attempt(Gauge);

impl Deliveries {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let deliveries = Self::default();
        list(registry, &table::ATTEMPTS, deliveries.ended.clone());
        list(registry, &table::ATTEMPT_TIME, deliveries.took.clone());
        list(registry, &table::ATTEMPTS_RUNNING, deliveries.running.clone());
        list(registry, &table::OLDEST_DUE, deliveries.oldest_due.clone());
        list(registry, &table::PENDING, deliveries.pending.clone());
        deliveries
    }

    /// An attempt runs until what this answers is dropped.
    #[must_use]
    pub fn begin(&self) -> Attempt {
        self.running.inc();
        Attempt(self.running.clone())
    }

    pub fn ended(&self, end: AttemptEnd) {
        self.ended.of(end).inc();
    }

    /// The endpoint was called.
    pub fn called(&self, took: Duration) {
        self.took.observe(took);
    }

    /// How old the oldest due delivery is, and how many wait; nothing, when nobody knows.
    pub fn set_backlog(&self, backlog: Option<(Duration, u64)>) {
        self.oldest_due.set(backlog.map(|(age, _)| age.as_secs_f64()));
        self.pending.set(backlog.map(|(_, pending)| float(pending)));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.dec();
    }
}
