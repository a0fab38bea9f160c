//! One lane an account: what runs to its endpoint now, and whether that endpoint is up. An
//! endpoint that keeps failing is tried with one delivery at a time, at the schedule of that one;
//! the others are put off until then, and none of their attempts is used up.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::{Ended, Taken};
use crate::model::{AccountId, Timestamp};

/// How many deliveries of one account are attempted at once.
pub(super) const PER_ENDPOINT: usize = 8;
/// So many failures in a row, and the lane is shut.
const SHUT_AFTER: u32 = 5;
/// Later steps of a schedule are hours long; an endpoint that is back waits no longer than this.
const LONGEST_SHUT: Duration = Duration::from_secs(30 * 60);
/// How long a lane without traffic is remembered.
const MEMORY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<AccountId, Lane>);

#[derive(Debug)]
struct Lane {
    failures: u32,
    /// When a failing endpoint may be tried again.
    shut_until: Option<Timestamp>,
    running: usize,
    /// Claimed, and waiting for what the running one finds.
    held: Vec<Taken>,
    used: Instant,
}

/// What is to be done with a delivery.
#[derive(Debug)]
pub(super) enum Step {
    Attempt(Taken),
    PutOff(Taken, Timestamp),
}

impl Lanes {
    /// Whether the store has to be asked how this endpoint fares: it is not known, or was seen
    /// failing, which its owner or another node may have ended.
    pub(super) fn must_ask(&self, account: &AccountId) -> bool {
        self.0.get(account).is_none_or(Lane::is_failing)
    }

    /// Takes note of what the store says.
    pub(super) fn learn(&mut self, account: &AccountId, failures: u32) {
        let lane = self.0.entry(account.clone()).or_insert_with(Lane::new);
        lane.failures = failures;
        if !lane.is_failing() {
            lane.shut_until = None;
        }
    }

    /// What to do with a delivery that was taken on. Nothing, if it has to wait for another.
    pub(super) fn admit(&mut self, taken: Taken, now: Timestamp) -> Option<Step> {
        let account = taken.delivery.account.clone();
        self.0.entry(account).or_insert_with(Lane::new).admit(taken, now)
    }

    /// Takes note of how an attempt ended, and says what follows for those that waited for it.
    pub(super) fn ended(&mut self, ended: &Ended, now: Timestamp) -> Vec<Step> {
        let Some(lane) = self.0.get_mut(ended.account()) else { return Vec::new() };
        lane.note(ended, now);
        let held = std::mem::take(&mut lane.held);
        held.into_iter().filter_map(|taken| lane.admit(taken, now)).collect()
    }

    /// Whether the account had as many attempts running as it may.
    pub(super) fn is_full(&self, account: &AccountId) -> bool {
        self.0.get(account).is_some_and(|lane| lane.running + lane.held.len() >= PER_ENDPOINT)
    }

    pub(super) fn held(&self) -> usize {
        self.0.values().map(|lane| lane.held.len()).sum()
    }

    pub(super) fn take_held(&mut self) -> Vec<Taken> {
        self.0.values_mut().flat_map(|lane| std::mem::take(&mut lane.held)).collect()
    }

    /// Forgets the lanes that have had no traffic for a while.
    pub(super) fn forget_idle(&mut self) {
        self.0.retain(|_, lane| lane.running > 0 || lane.used.elapsed() < MEMORY);
    }
}

impl Lane {
    fn new() -> Self {
        Self { failures: 0, shut_until: None, running: 0, held: Vec::new(), used: Instant::now() }
    }

    fn is_failing(&self) -> bool {
        self.failures >= SHUT_AFTER
    }

    fn admit(&mut self, taken: Taken, now: Timestamp) -> Option<Step> {
        self.used = Instant::now();
        if self.is_failing() {
            if self.running > 0 {
                self.held.push(taken);
                return None;
            }
            if let Some(until) = self.shut_until.filter(|until| *until > now) {
                return Some(Step::PutOff(taken, until));
            }
        }
        self.running += 1;
        Some(Step::Attempt(taken))
    }

    fn note(&mut self, ended: &Ended, now: Timestamp) {
        self.running = self.running.saturating_sub(1);
        self.used = Instant::now();
        match ended {
            Ended::Delivered(_) => (self.failures, self.shut_until) = (0, None),
            Ended::Failed { failures, next, .. } => {
                // Attempts that run side by side do not see each other's failures in the store.
                self.failures = self.failures.saturating_add(1).max(*failures);
                let longest = now.plus(LONGEST_SHUT);
                self.shut_until = Some(next.map_or(longest, |next| next.min(longest)));
            }
            Ended::Unknown(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{Lanes, Step};
    use crate::delivery::attempt::{Ended, Taken};
    use crate::model::{AccountId, DeliveryId, EventId, Timestamp, WebhookEvent};
    use crate::store::ClaimedDelivery;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn taken(account: &AccountId, sequence: i64) -> Taken {
        let delivery = ClaimedDelivery {
            id: DeliveryId::generate(),
            account: account.clone(),
            event: EventId::generate(),
            kind: WebhookEvent::NewMessage,
            sequence,
            body: String::new(),
            attempts: 0,
            endpoint: None,
            lease: String::new(),
        };
        Taken { delivery, lease_ends: Instant::now() }
    }

    fn failed(account: &AccountId, next: i64) -> Ended {
        Ended::Failed { account: account.clone(), failures: 1, next: Some(at(next)) }
    }

    fn attempted(step: Option<&Step>) -> Option<i64> {
        match step {
            Some(Step::Attempt(taken)) => Some(taken.delivery.sequence),
            _ => None,
        }
    }

    #[test]
    fn a_healthy_endpoint_gets_all_that_was_claimed() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        assert!(lanes.must_ask(&ada));
        lanes.learn(&ada, 4);
        assert!(!lanes.must_ask(&ada));
        for sequence in 0..8 {
            assert!(!lanes.is_full(&ada));
            let step = lanes.admit(taken(&ada, sequence), at(0));
            assert_eq!(attempted(step.as_ref()), Some(sequence));
        }
        assert!(lanes.is_full(&ada));
    }

    #[test]
    fn a_failing_endpoint_is_tried_with_the_first_alone_and_the_rest_is_put_off() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        lanes.learn(&ada, 5);
        assert!(attempted(lanes.admit(taken(&ada, 1), at(0)).as_ref()).is_some());
        assert!(lanes.admit(taken(&ada, 2), at(0)).is_none());
        assert!(lanes.admit(taken(&ada, 3), at(0)).is_none());
        assert_eq!(lanes.held(), 2);

        let steps = lanes.ended(&failed(&ada, 500), at(10));
        assert!(
            steps.iter().all(|step| matches!(step, Step::PutOff(_, until) if *until == at(500)))
        );
        assert_eq!(steps.len(), 2);
        assert!(matches!(lanes.admit(taken(&ada, 4), at(499)), Some(Step::PutOff(..))));
        assert!(attempted(lanes.admit(taken(&ada, 2), at(500)).as_ref()).is_some());
    }

    #[test]
    fn a_success_lets_those_that_waited_go() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        lanes.learn(&ada, 9);
        lanes.admit(taken(&ada, 1), at(0));
        lanes.admit(taken(&ada, 2), at(0));
        let steps = lanes.ended(&Ended::Delivered(ada.clone()), at(10));
        assert_eq!(attempted(steps.first()), Some(2));
        assert!(!lanes.must_ask(&ada));
    }

    #[test]
    fn failures_side_by_side_add_up_and_a_day_long_wait_is_cut() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        lanes.learn(&ada, 0);
        for sequence in 0..5 {
            lanes.admit(taken(&ada, sequence), at(0));
        }
        for _ in 0..5 {
            lanes.ended(&failed(&ada, 86_400_000), at(0));
        }
        let step = lanes.admit(taken(&ada, 9), at(1));
        assert!(matches!(step, Some(Step::PutOff(_, until)) if until == at(1_800_000)));
    }

    #[test]
    fn what_the_store_forgave_is_forgiven() {
        let (mut lanes, ada) = (Lanes::default(), AccountId::generate());
        lanes.learn(&ada, 5);
        lanes.admit(taken(&ada, 1), at(0));
        lanes.ended(&failed(&ada, 1_000_000), at(0));
        assert!(lanes.must_ask(&ada));
        lanes.learn(&ada, 0);
        assert!(attempted(lanes.admit(taken(&ada, 2), at(1)).as_ref()).is_some());
    }
}
