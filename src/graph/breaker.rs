//! One breaker: when it opens, whom it lets through, when it closes again. It has no clock and
//! knows nothing of Graph: it is told the moment, and how a call went.

mod tally;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tally::Tally;

/// Of fewer calls than this, half says nothing.
const AT_LEAST: u32 = 20;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// It opens at so many failures in a row.
    pub(super) in_a_row: u32,
    /// It is open so long before a call may probe; nothing means that it never opens.
    pub(super) open: Duration,
    /// It is open twice as long after each probe that fails, but never longer than this.
    pub(super) longest: Duration,
}

/// How a call went, for one breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Well,
    Failed,
    /// It tells nothing: it never came to it, or was cut off.
    Nothing,
}

/// That a call may be made. It is to be noted how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// As one of many.
    Free { generation: u32 },
    /// As the one that finds out whether the breaker may close.
    Probe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
}

/// While it is closed, a call that goes well costs two atomics and takes no lock.
#[derive(Debug)]
pub(super) struct Breaker {
    rules: Rules,
    born: Instant,
    /// Whether it is anything but closed: only then the lock is taken on the way in.
    shut: AtomicBool,
    /// How often it has closed. What began before that says nothing about now.
    generation: AtomicU32,
    in_a_row: AtomicU32,
    well: Tally,
    failed: Tally,
    standing: Mutex<Standing>,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    Closed,
    Open {
        until: Instant,
        length: Duration,
    },
    /// One call is under way, and all others wait for what it finds.
    Probing {
        until: Instant,
        length: Duration,
    },
}

impl Breaker {
    pub(super) fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            born: now,
            shut: AtomicBool::new(false),
            generation: AtomicU32::new(0),
            in_a_row: AtomicU32::new(0),
            well: Tally::default(),
            failed: Tally::default(),
            standing: Mutex::new(Standing::Closed),
        }
    }

    /// Whether a call may be made now; if not, how long it is still open. During a probe nobody
    /// knows, and it is nothing.
    pub(super) fn admit(&self, now: Instant) -> Result<Admission, Duration> {
        let generation = self.generation.load(Ordering::Acquire);
        if !self.shut.load(Ordering::Acquire) {
            return Ok(Admission::Free { generation });
        }
        let mut standing = self.lock();
        match *standing {
            Standing::Closed => Ok(Admission::Free { generation }),
            Standing::Open { until, .. } if now < until => Err(until - now),
            Standing::Open { until, length } => {
                *standing = Standing::Probing { until, length };
                Ok(Admission::Probe)
            }
            Standing::Probing { .. } => Err(Duration::ZERO),
        }
    }

    /// Takes in how an admitted call went, and tells whether that changed anything.
    pub(super) fn note(
        &self,
        admission: Admission,
        verdict: Verdict,
        now: Instant,
    ) -> Option<Change> {
        match admission {
            Admission::Probe => self.note_probe(verdict, now),
            Admission::Free { generation } => {
                // Whatever was under way when it opened, or before it last closed, is old news.
                let current = generation == self.generation.load(Ordering::Acquire);
                if !current || self.shut.load(Ordering::Acquire) {
                    return None;
                }
                self.note_free(verdict, now)
            }
        }
    }

    /// A probe that was made for nothing: the next call is the probe.
    pub(super) fn give_back(&self, admission: Admission) {
        if admission == Admission::Probe {
            let mut standing = self.lock();
            if let Standing::Probing { until, length } = *standing {
                *standing = Standing::Open { until, length };
            }
        }
    }

    /// Whether a call would be refused now.
    pub(super) fn refuses(&self, now: Instant) -> bool {
        self.shut.load(Ordering::Acquire)
            && match *self.lock() {
                Standing::Closed => false,
                Standing::Open { until, .. } => now < until,
                Standing::Probing { .. } => true,
            }
    }

    fn note_free(&self, verdict: Verdict, now: Instant) -> Option<Change> {
        let age = now.saturating_duration_since(self.born);
        match verdict {
            Verdict::Nothing => None,
            Verdict::Well => {
                self.well.count(age);
                if self.in_a_row.load(Ordering::Relaxed) != 0 {
                    self.in_a_row.store(0, Ordering::Relaxed);
                }
                None
            }
            Verdict::Failed => {
                self.failed.count(age);
                let in_a_row = self.in_a_row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                let opens = in_a_row >= self.rules.in_a_row || self.half_failed(age);
                if opens { self.open(now) } else { None }
            }
        }
    }

    fn half_failed(&self, age: Duration) -> bool {
        let failed = self.failed.lately(age);
        let all = failed.saturating_add(self.well.lately(age));
        all >= AT_LEAST && failed.saturating_mul(2) >= all
    }

    /// Of many that would open it, one does.
    fn open(&self, now: Instant) -> Option<Change> {
        let length = self.rules.open;
        let mut standing = self.lock();
        if length.is_zero() || !matches!(*standing, Standing::Closed) {
            return None;
        }
        *standing = Standing::Open { until: now + length, length };
        self.shut.store(true, Ordering::Release);
        Some(Change::Opened)
    }

    fn note_probe(&self, verdict: Verdict, now: Instant) -> Option<Change> {
        if verdict == Verdict::Nothing {
            self.give_back(Admission::Probe);
            return None;
        }
        let mut standing = self.lock();
        let Standing::Probing { length, .. } = *standing else { return None };
        if verdict == Verdict::Failed {
            let length = length.saturating_mul(2).min(self.rules.longest);
            *standing = Standing::Open { until: now + length, length };
            return None;
        }
        *standing = Standing::Closed;
        self.in_a_row.store(0, Ordering::Relaxed);
        self.well.clear();
        self.failed.clear();
        self.generation.fetch_add(1, Ordering::Release);
        self.shut.store(false, Ordering::Release);
        Some(Change::Closed)
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        // Each change is one assignment: whoever panicked left nothing half done.
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
