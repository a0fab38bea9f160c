//! A token bucket, told by one number: when it will be full again.
//!
//! No library has what is needed here: a quota for each key, that may change from request to
//! request, and what is left of it.

use std::time::Duration;

use crate::model::Rate;

const NANOS: u64 = 1_000_000_000;

/// How much a bucket holds, and how fast it fills. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// What can be had at once when the bucket is full.
    burst: u64,
    /// The time in which one request's worth flows in.
    interval: u64,
}

/// How a request finds a bucket, or leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) allowed: bool,
    /// Requests that may follow at once.
    pub(super) left: u64,
    /// Until there is one more of them; nothing when the bucket is full.
    pub(super) next: Duration,
}

impl Quota {
    /// The part of one of so many nodes: the same rate in all, and never nothing at all.
    pub(super) fn of(rate: Rate, nodes: u32) -> Self {
        let (quota, nodes) = (u64::from(rate.quota()), u64::from(nodes.max(1)));
        let window = u64::from(rate.seconds()).saturating_mul(NANOS).saturating_mul(nodes);
        Self { burst: (quota / nodes).max(1), interval: window.div_ceil(quota).max(1) }
    }

    fn whole(self) -> u64 {
        self.burst.saturating_mul(self.interval)
    }

    /// What has been drawn and has not flowed in again. A bucket that was larger once is no
    /// emptier than empty.
    fn drawn(self, full_at: u64, now: u64) -> u64 {
        full_at.saturating_sub(now).min(self.whole())
    }

    /// Takes one request's worth out of the bucket if it is there.
    pub(super) fn take(self, full_at: &mut u64, now: u64) -> Level {
        let drawn = self.drawn(*full_at, now);
        let after = drawn.saturating_add(self.interval);
        let allowed = after <= self.whole();
        let drawn = if allowed { after } else { drawn };
        *full_at = now.saturating_add(drawn);
        Level { allowed, ..self.level(drawn) }
    }

    /// Whether there is one request's worth, which stays where it is.
    pub(super) fn look(self, full_at: u64, now: u64) -> Level {
        self.level(self.drawn(full_at, now))
    }

    fn level(self, drawn: u64) -> Level {
        let there = self.whole().saturating_sub(drawn);
        let left = there / self.interval;
        let next = if drawn == 0 { 0 } else { self.interval - there % self.interval };
        Level { allowed: left > 0, left, next: Duration::from_nanos(next) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Level, Quota};
    use crate::model::Rate;

    /// A bucket as one would draw it: so much is in it, and it was last looked at then.
    struct Drawn {
        there: u128,
        looked_at: u64,
    }

    impl Drawn {
        fn take(&mut self, quota: Quota, now: u64) -> bool {
            let interval = u128::from(quota.interval);
            let whole = u128::from(quota.burst) * interval;
            self.there = (self.there + u128::from(now - self.looked_at)).min(whole);
            self.looked_at = now;
            let enough = self.there >= interval;
            if enough {
                self.there -= interval;
            }
            enough
        }
    }

    fn rates() -> impl Strategy<Value = Rate> {
        (1..2_000u32, 1..200u32).prop_map(|(quota, seconds)| Rate::of(quota, seconds))
    }

    /// Gaps of all sizes, from none to longer than any window.
    fn gaps() -> impl Strategy<Value = Vec<u64>> {
        let gap = prop_oneof![Just(0), 0..1_000_000u64, 0..2_000_000_000u64, 0..300_000_000_000u64];
        proptest::collection::vec(gap, 1..120)
    }

    proptest! {
        #[test]
        fn it_says_what_a_bucket_of_tokens_would_say(
            rate in rates(), nodes in 1..5u32, gaps in gaps()
        ) {
            let quota = Quota::of(rate, nodes);
            let mut model = Drawn { there: u128::MAX / 2, looked_at: 0 };
            let (mut full_at, mut now) = (0, 0);
            for gap in gaps {
                now += gap;
                let level = quota.take(&mut full_at, now);
                prop_assert_eq!(level.allowed, model.take(quota, now));
                prop_assert_eq!(u128::from(level.left), model.there / u128::from(quota.interval));
            }
        }

        #[test]
        fn no_stretch_of_time_lets_more_through_than_it_may(rate in rates(), gaps in gaps()) {
            let quota = Quota::of(rate, 1);
            let (mut full_at, mut now) = (0, 0);
            let mut let_through = Vec::new();
            for gap in gaps {
                now += gap;
                if quota.take(&mut full_at, now).allowed {
                    let_through.push(now);
                }
            }
            for (first, start) in let_through.iter().enumerate() {
                for (last, end) in let_through.iter().enumerate().skip(first) {
                    let most = quota.burst + (end - start) / quota.interval;
                    prop_assert!((last - first + 1) as u64 <= most);
                }
            }
        }

        #[test]
        fn who_waits_as_long_as_told_gets_through_and_who_waits_less_does_not(
            rate in rates(), draws in 1..4_000u32
        ) {
            let quota = Quota::of(rate, 1);
            let mut full_at = 0;
            let levels: Vec<Level> = (0..draws).map(|_| quota.take(&mut full_at, 0)).collect();
            let Some(refused) = levels.iter().find(|level| !level.allowed) else {
                prop_assert!(u64::from(draws) <= quota.burst);
                return Ok(());
            };
            let wait = u64::try_from(refused.next.as_nanos()).unwrap();
            prop_assert!(!quota.look(full_at, wait - 1).allowed);
            prop_assert!(quota.look(full_at, wait).allowed);
        }
    }

    #[test]
    fn a_full_bucket_gives_its_quota_and_then_one_an_interval() {
        let quota = Quota::of(Rate::of(3, 60), 1);
        let mut full_at = 0;
        let left: Vec<u64> = (0..3).map(|_| quota.take(&mut full_at, 0).left).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = quota.take(&mut full_at, 0);
        assert_eq!(refused, Level { allowed: false, left: 0, next: Duration::from_secs(20) });
        assert!(quota.take(&mut full_at, 20_000_000_000).allowed);
    }

    #[test]
    fn nodes_share_a_rate_and_none_gets_nothing() {
        let rate = Rate::of(10, 60);
        assert_eq!(Quota::of(rate, 2), Quota { burst: 5, interval: 12_000_000_000 });
        assert_eq!(Quota::of(rate, 3), Quota { burst: 3, interval: 18_000_000_000 });
        assert_eq!(Quota::of(rate, 50), Quota { burst: 1, interval: 300_000_000_000 });
        assert_eq!(Quota::of(rate, 0), Quota::of(rate, 1));
    }

    #[test]
    fn another_quota_takes_over_from_the_one_before() {
        let (large, small) = (Quota::of(Rate::of(100, 3600), 1), Quota::of(Rate::of(5, 1), 1));
        let mut full_at = 0;
        while large.take(&mut full_at, 0).allowed {}
        // Empty, yet not for an hour.
        let refused = small.take(&mut full_at, 0);
        assert_eq!(refused, Level { allowed: false, left: 0, next: Duration::from_millis(200) });
        assert_eq!(small.look(full_at, 1_000_000_000).left, 5);
    }
}
