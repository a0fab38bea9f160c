use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::{Breakers, MOST_NUMBERS, OpenBreakers, tokens};
use crate::clock::Clock;
use crate::config::BreakerSettings;
use crate::graph::failure::{Cause, GraphFailure, Outcome, Trouble};
use crate::graph::{Credentials, Errand};
use crate::model::{AccountId, GraphId, Timestamp};

/// The breakers of one Graph, and who asks.
struct Tried {
    breakers: Breakers,
    clock: Clock,
    account: AccountId,
    token: SecretString,
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn number(nth: usize) -> GraphId {
    GraphId::parse(&format!("{nth:05}")).unwrap()
}

fn failure(trouble: Trouble) -> GraphFailure {
    GraphFailure::new(Outcome::Unknown, Cause::Broken, "it failed").with_trouble(trouble)
}

impl Tried {
    fn new() -> Self {
        let clock = Clock::fixed(Timestamp::from_millis(0));
        let settings = BreakerSettings {
            failures: 1,
            open: Duration::from_secs(5).into(),
            token_open: Duration::from_secs(30).into(),
        };
        let graph = url("https://graph.facebook.com");
        let breakers = Breakers::new(&settings, &graph, clock.clone());
        Self { breakers, clock, account: AccountId::generate(), token: "EAAG".into() }
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials::new(
            &self.account,
            &self.token,
            Errand { until: Instant::now(), trace: None, version: None },
        )
    }

    /// A call of this number that ends so; what refuses it if it is not made.
    fn call(&self, number: Option<&GraphId>, trouble: Trouble) -> Option<GraphFailure> {
        match self.breakers.admit(self.credentials(), number) {
            Ok(permit) => {
                let failure = failure(trouble);
                let failure = (trouble != Trouble::None).then_some(&failure);
                self.breakers.settle(permit, self.credentials(), failure);
                None
            }
            Err(refusal) => Some(refusal),
        }
    }
}

fn open(numbers: usize, hosts: usize, tokens: usize) -> OpenBreakers {
    OpenBreakers { numbers, hosts, tokens }
}

#[test]
fn each_trouble_shuts_what_it_is_the_trouble_of() {
    for (trouble, expected) in [
        (Trouble::None, open(0, 0, 0)),
        (Trouble::NotCalled, open(0, 0, 0)),
        (Trouble::NoRoom, open(0, 0, 0)),
        (Trouble::ServerError, open(1, 0, 0)),
        (Trouble::Timeout, open(1, 0, 0)),
        (Trouble::Transport, open(1, 1, 0)),
        (Trouble::Unprocessed, open(1, 1, 0)),
        (Trouble::TokenRefused, open(0, 0, 1)),
    ] {
        let tried = Tried::new();
        assert!(tried.call(Some(&number(1)), trouble).is_none());
        assert_eq!(tried.breakers.open(), expected, "{trouble:?}");
        tried.clock.advance(Duration::from_secs(30));
        assert_eq!(tried.breakers.open(), open(0, 0, 0));
    }
}

#[test]
fn what_is_refused_was_not_sent_and_is_told_how_long_to_wait() {
    let tried = Tried::new();
    tried.call(Some(&number(1)), Trouble::ServerError);
    tried.clock.advance(Duration::from_millis(1_500));
    let refusal = tried.call(Some(&number(1)), Trouble::None).unwrap();
    assert_eq!((refusal.outcome, refusal.retryable), (Outcome::NotSent, true));
    assert_eq!(refusal.cause, Cause::BreakerOpen);
    assert_eq!(refusal.retry_after, Some(Duration::from_millis(3_500)));
    assert!(tried.call(Some(&number(2)), Trouble::None).is_none());
    assert!(tried.call(None, Trouble::None).is_none());
}

#[test]
fn a_permit_that_is_dropped_leaves_all_as_it_was() {
    let tried = Tried::new();
    for trouble in [Trouble::ServerError, Trouble::Transport, Trouble::TokenRefused] {
        tried.call(Some(&number(1)), trouble);
        tried.clock.advance(Duration::from_secs(30));
        for _ in 0..3 {
            drop(tried.breakers.admit(tried.credentials(), Some(&number(1))).unwrap());
        }
        assert!(tried.call(Some(&number(1)), Trouble::None).is_none());
        assert_eq!(tried.breakers.open(), open(0, 0, 0));
    }
}

#[test]
fn one_that_another_breaker_refuses_is_no_trial_of_its_own() {
    let tried = Tried::new();
    tried.call(Some(&number(1)), Trouble::ServerError);
    tried.clock.advance(Duration::from_secs(4));
    tried.call(None, Trouble::Transport);
    tried.clock.advance(Duration::from_secs(2));
    // The number may be tried, the host may not.
    assert!(tried.call(Some(&number(1)), Trouble::None).is_some());
    assert_eq!(tried.breakers.open(), open(0, 1, 0));
    tried.clock.advance(Duration::from_secs(3));
    assert!(tried.call(Some(&number(1)), Trouble::None).is_none());
}

#[test]
fn a_host_of_media_has_a_breaker_of_its_own() {
    let tried = Tried::new();
    let fails = |at: &str| {
        let permit = tried.breakers.admit_to(&url(at)).unwrap();
        tried.breakers.settle(permit, tried.credentials(), Some(&failure(Trouble::Transport)));
    };
    let refuses = |at: &str| tried.breakers.admit_to(&url(at)).is_err();
    fails("https://lookaside.fbsbx.com/a?x=1");
    assert!(refuses("https://lookaside.fbsbx.com/b"));
    assert!(!refuses("https://scontent.fbcdn.net/b"));
    assert!(tried.call(None, Trouble::None).is_none());
    assert_eq!(tried.breakers.open(), open(0, 1, 0));
    // Bytes that are Graph's own come from Graph's host.
    fails("https://graph.facebook.com/bytes");
    assert!(tried.call(None, Trouble::None).is_some());
}

#[test]
fn another_token_of_the_account_is_tried_at_once_and_the_old_one_is_forgotten() {
    let mut tried = Tried::new();
    tried.call(None, Trouble::TokenRefused);
    assert!(tried.call(None, Trouble::None).is_some());
    tried.token = "EAAG-new".into();
    assert!(tried.call(None, Trouble::None).is_none());
    assert_eq!(tried.breakers.open(), open(0, 0, 0));
    // What was under way with the old one comes to its end only now.
    let permit = tried.breakers.admit(tried.credentials(), None).unwrap();
    tried.token = "EAAG".into();
    tried.breakers.settle(permit, tried.credentials(), Some(&failure(Trouble::TokenRefused)));
    tried.token = "EAAG-new".into();
    assert!(tried.call(None, Trouble::None).is_none());
}

#[test]
fn no_number_of_failing_callers_makes_memory_grow_without_end() {
    let mut tried = Tried::new();
    for nth in 0..2 * MOST_NUMBERS {
        tried.account = AccountId::generate();
        tried.call(Some(&number(nth)), Trouble::ServerError);
        tried.call(None, Trouble::TokenRefused);
    }
    let OpenBreakers { numbers, tokens, .. } = tried.breakers.open();
    assert!((1..=MOST_NUMBERS).contains(&numbers), "{numbers}");
    assert!((1..=tokens::MOST).contains(&tokens), "{tokens}");
}
