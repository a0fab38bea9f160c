//! When to try again, and when to stop trying. Pure: time and chance are handed in.

use std::time::{Duration, SystemTime};

use crate::config::{DeliverySettings, RetrySchedule};
use crate::model::Timestamp;
use crate::store::{AttemptEnd, EndpointHealth};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// An endpoint that has failed for so long, and so often in a row, is paused.
const FAILING_TOO_LONG: Duration = Duration::from_secs(5 * 24 * 3600);
const LEAST_FAILURES: u32 = 10;

pub(super) const GONE: &str = "The endpoint answered 410 Gone";
pub(super) const FAILED_TOO_LONG: &str = "Every attempt has failed for 5 days";

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// The endpoint wants nothing more.
    Gone,
    Failed(Failing),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Failing {
    /// The endpoint has too much to do: it is given more time.
    pub(super) overloaded: bool,
    /// The `Retry-After` of the answer, as it came.
    pub(super) retry_after: Option<String>,
}

impl Verdict {
    pub(super) fn of_status(status: u16, retry_after: Option<String>) -> Self {
        match status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            _ => {
                let overloaded = matches!(status, 429 | 502 | 503 | 504);
                Self::Failed(Failing { overloaded, retry_after })
            }
        }
    }
}

/// The settings that decide.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    waits: RetrySchedule,
    slow: Duration,
}

impl Schedule {
    pub(super) fn new(settings: &DeliverySettings) -> Self {
        Self { waits: settings.retry_schedule.clone(), slow: settings.slow_retry.get() }
    }

    /// What follows from an attempt: the one after `attempts` others, at an endpoint that fared
    /// so far as `health` says. `roll` is any number, for the jitter.
    pub(super) fn end(
        &self,
        verdict: &Verdict,
        attempts: u32,
        health: &EndpointHealth,
        now: Timestamp,
        roll: u32,
    ) -> AttemptEnd {
        let failing = match verdict {
            Verdict::Delivered => return AttemptEnd::Delivered,
            Verdict::Gone => return AttemptEnd::Disable(GONE),
            Verdict::Failed(failing) => failing,
        };
        if failed_too_long(health, now) {
            return AttemptEnd::Disable(FAILED_TOO_LONG);
        }
        match self.waits.wait_after(attempts.saturating_add(1)) {
            Some(wait) => AttemptEnd::Retry(now.plus(self.wait(wait, failing, now, roll))),
            None => AttemptEnd::Dead,
        }
    }

    fn wait(&self, scheduled: Duration, failing: &Failing, now: Timestamp, roll: u32) -> Duration {
        let mut planned = jittered(scheduled, roll);
        if failing.overloaded {
            planned = planned.max(self.slow);
        }
        let most = (planned * 2).min(DAY).max(planned);
        let asked = failing.retry_after.as_deref().and_then(|text| retry_after(text, now));
        asked.map_or(planned, |asked| asked.clamp(planned, most))
    }
}

/// Whether the attempt that has just failed is the last straw.
fn failed_too_long(health: &EndpointHealth, now: Timestamp) -> bool {
    let since = health.failing_since.unwrap_or(now);
    let failures = health.failures_in_a_row.saturating_add(1);
    failures >= LEAST_FAILURES && since.plus(FAILING_TOO_LONG) <= now
}

/// Within a fifth of `wait`: what fails together should not come back together.
fn jittered(wait: Duration, roll: u32) -> Duration {
    wait * (800 + roll % 401) / 1000
}

/// Seconds, or a date. A number too large to count is still a number.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
    Some(since_epoch.saturating_sub(now))
}

#[cfg(test)]
mod tests;
