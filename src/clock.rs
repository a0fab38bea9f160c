//! The only source of "now".

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::model::Timestamp;

/// Tells the time of day: the machine's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Fixed>>);

#[derive(Debug)]
struct Fixed {
    millis: AtomicI64,
    start: i64,
    begun: Instant,
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at `start` until it is moved with [`Clock::advance`].
    #[must_use]
    pub fn fixed(start: Timestamp) -> Self {
        let start = start.as_millis();
        let begun = Instant::now();
        Self(Some(Arc::new(Fixed { millis: AtomicI64::new(start), start, begun })))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(fixed) => Timestamp::from_millis(fixed.millis.load(Ordering::SeqCst)),
            None => Timestamp::from_utc(time::OffsetDateTime::now_utc()),
        }
    }

    /// A moment to measure lengths of time from: it goes on evenly, whoever sets the time of day.
    #[must_use]
    pub fn moment(&self) -> Instant {
        let Some(fixed) = &self.0 else { return Instant::now() };
        let moved = fixed.millis.load(Ordering::SeqCst).saturating_sub(fixed.start);
        fixed.begun + Duration::from_millis(moved.unsigned_abs())
    }

    /// Moves a fixed clock forward; the machine's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.0 {
            let step = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            fixed.millis.fetch_add(step, Ordering::SeqCst);
        }
    }
}
