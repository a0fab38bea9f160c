//! What the log line of a request tells beyond its head.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::AccountId;

/// Filled in on the way by those who know; read once, when the line is written.
#[derive(Debug)]
pub struct RequestRecord {
    pub started: Instant,
    /// When the caller must have an answer, be it only that there is none.
    pub deadline: Instant,
    pub account: OnceLock<AccountId>,
    pub outcome: OnceLock<&'static str>,
    upstream_micros: AtomicU64,
}

impl RequestRecord {
    #[must_use]
    pub fn start(limit: Duration) -> Self {
        let started = Instant::now();
        Self {
            started,
            deadline: started + limit,
            account: OnceLock::new(),
            outcome: OnceLock::new(),
            upstream_micros: AtomicU64::new(0),
        }
    }

    /// Waits for Graph, and notes how long that took.
    pub async fn upstream<T>(&self, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let answer = call.await;
        let micros = micros(started.elapsed());
        self.upstream_micros.fetch_add(micros, Ordering::Relaxed);
        answer
    }

    #[must_use]
    pub fn upstream_micros(&self) -> u64 {
        self.upstream_micros.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn micros(&self) -> u64 {
        micros(self.started.elapsed())
    }

    pub fn note_outcome(&self, outcome: &'static str) {
        self.outcome.get_or_init(|| outcome);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
