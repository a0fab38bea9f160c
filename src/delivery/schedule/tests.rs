use std::time::Duration;

use proptest::option;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{DAY, FAILED_TOO_LONG, Failing, GONE, Schedule, Verdict, retry_after};
use crate::model::Timestamp;
use crate::store::{AttemptEnd, EndpointHealth};

/// 2026-11-21T08:00:00Z
const NOW: Timestamp = Timestamp::from_millis(1_795_248_000_000);
/// A roll that leaves a wait as it is.
const MIDDLE: u32 = 200;
const HOUR: Duration = Duration::from_secs(3600);

fn schedule() -> Schedule {
    Schedule {
        waits: "0s,5s,5m,30m,2h,5h,10h,14h,20h,24h".parse().unwrap(),
        slow: Duration::from_secs(60),
    }
}

fn failed(status: u16, retry_after: Option<&str>) -> Verdict {
    Verdict::of_status(status, retry_after.map(str::to_owned))
}

fn end(verdict: &Verdict, attempts: u32) -> AttemptEnd {
    schedule().end(verdict, attempts, &EndpointHealth::default(), NOW, MIDDLE)
}

fn in_seconds(seconds: u64) -> AttemptEnd {
    AttemptEnd::Retry(NOW.plus(Duration::from_secs(seconds)))
}

#[test]
fn only_a_2xx_is_a_delivery_and_410_ends_it_all() {
    for status in [200, 201, 204, 299] {
        assert_eq!(end(&failed(status, None), 0), AttemptEnd::Delivered);
    }
    assert_eq!(end(&failed(410, None), 0), AttemptEnd::Disable(GONE));
    for status in [100, 199, 300, 301, 304, 307, 400, 401, 404, 500] {
        assert_eq!(end(&failed(status, None), 0), in_seconds(5), "{status}");
    }
}

#[test]
fn ten_attempts_follow_the_schedule_and_then_it_is_over() {
    let waits = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for (attempts, wait) in (0..).zip(waits) {
        assert_eq!(end(&failed(500, None), attempts), in_seconds(wait));
    }
    assert_eq!(end(&failed(500, None), 9), AttemptEnd::Dead);
    assert_eq!(end(&failed(500, None), u32::MAX), AttemptEnd::Dead);
}

#[test]
fn an_overloaded_endpoint_gets_a_minute_at_least() {
    for status in [429, 502, 503, 504] {
        assert_eq!(end(&failed(status, None), 0), in_seconds(60), "{status}");
        assert_eq!(end(&failed(status, None), 1), in_seconds(300), "{status}");
    }
}

#[test]
fn a_wish_is_granted_between_the_planned_wait_and_twice_that() {
    let asked = |text: &str, attempts| end(&failed(429, Some(text)), attempts);
    for (text, granted) in [
        ("90", 90),
        (" 90 ", 90),
        ("0", 60),
        ("1", 60),
        ("7200", 120),
        ("99999999999999999999999999", 120),
        ("-5", 60),
        ("1.5", 60),
        ("1e9", 60),
        ("soon", 60),
        ("", 60),
        ("Sat, 21 Nov 2026 08:01:40 GMT", 100),
        ("Fri, 20 Nov 2026 08:00:00 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 120),
    ] {
        assert_eq!(asked(text, 0), in_seconds(granted), "{text:?}");
    }
    // Planned are 14 hours: twice that is more than a day.
    assert_eq!(asked("999999999", 6), in_seconds(86_400));
}

#[test]
fn five_days_of_failure_and_ten_of_them_pause_the_endpoint() {
    let fares = |failures, hours: u32| {
        EndpointHealth { failures_in_a_row: failures, failing_since: Some(NOW), disabled: None }
            .after(hours)
    };
    for (failures, hours, paused) in
        [(9, 120, true), (8, 120, false), (9, 119, false), (500, 119, false), (500, 400, true)]
    {
        let (health, now) = fares(failures, hours);
        let end = schedule().end(&failed(500, None), 0, &health, now, MIDDLE);
        assert_eq!(end == AttemptEnd::Disable(FAILED_TOO_LONG), paused, "{failures} in {hours} h");
    }
}

trait Later {
    fn after(self, hours: u32) -> (EndpointHealth, Timestamp);
}

impl Later for EndpointHealth {
    fn after(self, hours: u32) -> (EndpointHealth, Timestamp) {
        (self, NOW.plus(HOUR * hours))
    }
}

#[test]
fn retry_after_is_a_number_or_a_date() {
    assert_eq!(retry_after("120", NOW), Some(Duration::from_secs(120)));
    assert_eq!(retry_after("+120", NOW), None);
    assert_eq!(retry_after("120 s", NOW), None);
    assert_eq!(retry_after("Saturday, 21-Nov-26 08:00:30 GMT", NOW).unwrap().as_secs(), 30);
}

proptest! {
    #[test]
    fn whatever_an_endpoint_asks_the_wait_stays_in_its_bounds(
        attempts in 0_u32..12,
        status in 100_u16..600,
        asked in option::of(".*"),
        roll in any::<u32>(),
    ) {
        let verdict = Verdict::of_status(status, asked);
        let end = schedule().end(&verdict, attempts, &EndpointHealth::default(), NOW, roll);
        let Verdict::Failed(Failing { overloaded, .. }) = verdict else { return Ok(()) };
        let AttemptEnd::Retry(at) = end else {
            prop_assert_eq!(end, AttemptEnd::Dead);
            prop_assert!(attempts >= 9);
            return Ok(());
        };
        let wait = Duration::from_millis(u64::try_from(at.as_millis() - NOW.as_millis()).unwrap());
        let scheduled = schedule().waits.wait_after(attempts + 1).unwrap();
        let least = if overloaded { (scheduled * 4 / 5).max(Duration::from_secs(60)) } else { scheduled * 4 / 5 };
        let planned_at_most = (scheduled * 6 / 5).max(Duration::from_secs(if overloaded { 60 } else { 0 }));
        let most = (planned_at_most * 2).min(DAY).max(planned_at_most);
        prop_assert!(wait >= least && wait <= most, "{wait:?} is not in {least:?}..={most:?}");
    }
}
