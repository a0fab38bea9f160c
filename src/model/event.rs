//! What happened, as a customer is told of it; and the telling.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{AccountId, Timestamp, WebhookEvent};

/// The id of an event. Equal over retries, redeliveries and nodes: receivers drop repeats by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(String);

/// The id of a delivery: a UUID, so it sorts by age.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(String);

impl EventId {
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("evt_{}", uuid::Uuid::now_v7().simple()))
    }

    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sets apart the ids of one millisecond, in the order they were made.
static MADE: AtomicU32 = AtomicU32::new(0);

const RANDOM_BITS: u32 = 42;

impl DeliveryId {
    /// A fresh id for a delivery that was created at `moment`. Of two ids for the same moment
    /// that one process makes, the later one is greater.
    #[must_use]
    pub fn generate(moment: Timestamp) -> Self {
        let made = u128::from(MADE.fetch_add(1, Ordering::Relaxed));
        let random = uuid::Uuid::new_v4().as_u128() & ((1 << RANDOM_BITS) - 1);
        Self::of(moment, (made << RANDOM_BITS) | random)
    }

    /// Not greater than any id for `moment` or later, and greater than all before.
    #[must_use]
    pub fn first_of(moment: Timestamp) -> Self {
        Self::of(moment, 0)
    }

    /// A UUID of version 7, with 74 bits to choose.
    fn of(moment: Timestamp, bits: u128) -> Self {
        let millis = u128::from(moment.as_millis().max(0).unsigned_abs());
        let (high, low) = (bits >> 62, bits & ((1 << 62) - 1));
        let uuid = (millis << 80) | (7 << 76) | (high << 64) | (2 << 62) | low;
        Self(uuid::Uuid::from_u128(uuid).to_string())
    }

    #[must_use]
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event that is to be told. Its body is serialised once: what is signed is what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub id: EventId,
    pub kind: WebhookEvent,
    pub body: String,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its next attempt.
    Pending,
    Delivered,
    /// Waits until the endpoint is enabled again.
    Paused,
    /// All attempts failed; kept for redelivery.
    Dead,
}

/// A delivery as its owner is shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub account: AccountId,
    pub event: EventId,
    pub kind: WebhookEvent,
    pub state: DeliveryState,
    pub attempts: u32,
    pub created_at: Timestamp,
    /// `None` when there will be none.
    pub next_attempt_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
}

/// One attempt that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    pub at: Timestamp,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// In words for the owner; none after a success.
    pub error: Option<String>,
    pub duration_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::{DeliveryId, Timestamp};

    #[test]
    fn delivery_ids_sort_by_moment_and_then_by_turn() {
        let at = |millis| DeliveryId::generate(Timestamp::from_millis(millis));
        let ids = [at(-1), at(0), at(1), at(2), at(2), at(2), at(1_800_000_000_000)];
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        for id in &ids {
            let uuid = uuid::Uuid::parse_str(id.as_str()).unwrap();
            assert_eq!(uuid.get_version_num(), 7);
        }
        let first = DeliveryId::first_of(Timestamp::from_millis(2));
        assert!(ids[2] < first && first < ids[3]);
    }
}
