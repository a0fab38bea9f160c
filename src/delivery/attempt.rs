//! One attempt, from the claim to the record of how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::client::{Called, Parcel, WebhookClient};
use super::schedule::{Failing, Schedule, Verdict};
use crate::clock::Clock;
use crate::metrics;
use crate::model::{AccountId, DeliveryAttempt, Timestamp};
use crate::store::{AttemptEnd, AttemptEnding, ClaimedDelivery, Deliveries, EndpointHealth};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const NO_ENDPOINT: &str = "No webhook URL is set";
const BROKEN: &str = "The attempt failed inside the gateway";

/// A delivery that was taken on, and until when it surely is ours.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) delivery: ClaimedDelivery,
    pub(super) lease_ends: Instant,
}

/// What an attempt says of the account's endpoint.
#[derive(Debug)]
pub(super) enum Ended {
    Delivered(AccountId),
    Failed(AccountId),
    /// Nothing.
    Unknown(AccountId),
}

impl Ended {
    pub(super) fn account(&self) -> &AccountId {
        match self {
            Self::Delivered(account) | Self::Failed(account) | Self::Unknown(account) => account,
        }
    }
}

/// What every attempt needs.
pub(super) struct Attempts {
    pub(super) store: Arc<dyn Deliveries>,
    pub(super) client: WebhookClient,
    pub(super) clock: Clock,
    pub(super) schedule: Schedule,
    pub(super) metrics: metrics::Deliveries,
}

impl Attempts {
    /// Makes one attempt and writes how it ended. Whatever goes wrong inside is told as well, so
    /// that the caller's books are right.
    pub(super) async fn make(&self, taken: Taken) -> Ended {
        let account = taken.delivery.account.clone();
        let _running = self.metrics.begin();
        match AssertUnwindSafe(self.attempt(&taken)).catch_unwind().await {
            Ok(ended) => ended,
            Err(_) => {
                self.metrics.ended(metrics::AttemptEnd::Broken);
                tracing::error!(delivery = taken.delivery.id.as_str(), "an attempt panicked");
                Ended::Unknown(account)
            }
        }
    }

    async fn attempt(&self, taken: &Taken) -> Ended {
        let delivery = &taken.delivery;
        let account = delivery.account.clone();
        if taken.lease_ends <= Instant::now() {
            return Ended::Unknown(account);
        }
        let at = self.clock.now();
        // A delivery that makes us panic has used up an attempt like any other, or it would come
        // back for ever.
        let calling = AssertUnwindSafe(self.call(taken, at)).catch_unwind().await;
        let (verdict, attempt) = calling.unwrap_or_else(|_| broken(at));
        let health = match verdict {
            Verdict::Failed(_) => self.health(&account).await,
            _ => EndpointHealth::default(),
        };
        let now = self.clock.now();
        // Without randomness there is no jitter: the middle of its range.
        let roll = getrandom::u32().unwrap_or(200);
        let end = self.schedule.end(&verdict, delivery.attempts, &health, now, roll);
        tell(delivery, &attempt, &end);
        let ending = delivery.ended(Some(attempt), end, now);
        let written = self.write(&ending, taken.lease_ends).await;
        self.metrics.ended(counted(&ending.end, written));
        if !written {
            return Ended::Unknown(account);
        }
        match ending.end {
            AttemptEnd::Delivered => Ended::Delivered(account),
            AttemptEnd::Retry(_) | AttemptEnd::Dead => Ended::Failed(account),
            AttemptEnd::Disable(_) | AttemptEnd::GiveBack => Ended::Unknown(account),
        }
    }

    async fn call(&self, taken: &Taken, at: Timestamp) -> (Verdict, DeliveryAttempt) {
        let delivery = &taken.delivery;
        let Some(endpoint) = &delivery.endpoint else {
            let error = Some(NO_ENDPOINT.to_owned());
            let attempt = DeliveryAttempt { at, status: None, error, duration_ms: 0 };
            return (Verdict::Failed(Failing::default()), attempt);
        };
        let parcel = Parcel {
            event: &delivery.event,
            kind: delivery.kind,
            sequence: delivery.sequence,
            body: &delivery.body,
            secrets: &endpoint.secrets,
        };
        let called = self.client.post(&endpoint.url, &parcel, at, Some(taken.lease_ends)).await;
        self.metrics.called(called.took);
        judge(called, at)
    }

    /// How the endpoint fared so far. Only decides whether to pause it: while the store cannot
    /// say, it is not paused.
    async fn health(&self, account: &AccountId) -> EndpointHealth {
        self.store.endpoint_health(account).await.unwrap_or_default()
    }

    /// Leaves a delivery to others, without an attempt.
    pub(super) async fn give_back(&self, taken: Taken) {
        let ending = taken.delivery.ended(None, AttemptEnd::GiveBack, self.clock.now());
        self.write(&ending, taken.lease_ends).await;
    }

    /// Writes how it ended, as often as it takes while the lease lasts; after that another may
    /// have it. Whether it was written.
    async fn write(&self, ending: &AttemptEnding, lease_ends: Instant) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match self.store.end_attempt(ending).await {
                Ok(held) => return held,
                Err(error) => error,
            };
            if lease_ends <= Instant::now() + pause {
                let delivery = ending.delivery.as_str();
                tracing::warn!(delivery, %error, "how an attempt ended could not be written");
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn counted(end: &AttemptEnd, written: bool) -> metrics::AttemptEnd {
    match end {
        AttemptEnd::Delivered if written => metrics::AttemptEnd::Delivered,
        AttemptEnd::Retry(_) if written => metrics::AttemptEnd::Retry,
        AttemptEnd::Dead if written => metrics::AttemptEnd::Dead,
        AttemptEnd::Disable(_) if written => metrics::AttemptEnd::Disabled,
        _ => metrics::AttemptEnd::Unwritten,
    }
}

fn judge(called: Called, at: Timestamp) -> (Verdict, DeliveryAttempt) {
    let error = called.failure();
    let duration_ms = called.millis();
    let (verdict, status) = match called.answer {
        Ok(answer) => (Verdict::of_status(answer.status, answer.retry_after), Some(answer.status)),
        Err(silence) => {
            let overloaded = silence.is_timeout();
            (Verdict::Failed(Failing { overloaded, retry_after: None }), None)
        }
    };
    (verdict, DeliveryAttempt { at, status, error, duration_ms })
}

fn broken(at: Timestamp) -> (Verdict, DeliveryAttempt) {
    let error = Some(BROKEN.to_owned());
    let attempt = DeliveryAttempt { at, status: None, error, duration_ms: 0 };
    (Verdict::Failed(Failing::default()), attempt)
}

fn tell(delivery: &ClaimedDelivery, attempt: &DeliveryAttempt, end: &AttemptEnd) {
    let account = delivery.account.as_str();
    let id = delivery.id.as_str();
    match end {
        AttemptEnd::Disable(reason) => tracing::warn!(account, reason, "an endpoint is paused"),
        AttemptEnd::Dead => tracing::warn!(account, delivery = id, "a webhook was given up"),
        _ => tracing::debug!(
            account,
            delivery = id,
            status = attempt.status,
            millis = attempt.duration_ms,
            "a webhook was attempted"
        ),
    }
}
