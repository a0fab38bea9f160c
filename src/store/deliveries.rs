//! The outbox: what is still to be told, and what became of the telling.

use async_trait::async_trait;
use secrecy::SecretString;

use super::StoreError;
use crate::model::{
    AccountId, Actor, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, NewEvent,
    Timestamp, WebhookEvent,
};

/// A delivery that a worker has taken on, with everything that it needs.
#[derive(Clone, Debug)]
pub struct ClaimedDelivery {
    pub id: DeliveryId,
    pub account: AccountId,
    pub event: EventId,
    pub kind: WebhookEvent,
    /// Rises with each event of the account.
    pub sequence: i64,
    /// The exact bytes to post.
    pub body: String,
    /// Attempts made before this one on the schedule.
    pub attempts: u32,
    /// Where to, and with which secrets to sign, as they are now: the current one first, then the
    /// one before it while that is being rotated out. `None` if the URL was cleared.
    pub endpoint: Option<Endpoint>,
    /// Proves that the claim is still ours.
    pub lease: String,
}

impl ClaimedDelivery {
    /// The end of what was taken on with this claim.
    #[must_use]
    pub fn ended(
        &self,
        attempt: Option<DeliveryAttempt>,
        end: AttemptEnd,
        at: Timestamp,
    ) -> AttemptEnding {
        let (delivery, lease) = (self.id.clone(), self.lease.clone());
        AttemptEnding { delivery, lease, attempt, end, at }
    }
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub url: String,
    pub secrets: Vec<SecretString>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    Delivered,
    /// Try again then.
    Retry(Timestamp),
    /// That was the last one.
    Dead,
    /// The endpoint wants nothing more (410), or has failed for too long: everything of the
    /// account that is pending is paused.
    Disable(&'static str),
    /// Not attempted after all: give it back, without counting.
    GiveBack,
}

/// The end of an attempt, with what its log tells of it.
#[derive(Clone, Debug)]
pub struct AttemptEnding {
    pub delivery: DeliveryId,
    /// The claim that the delivery was taken on under.
    pub lease: String,
    /// `None` if nothing was attempted.
    pub attempt: Option<DeliveryAttempt>,
    pub end: AttemptEnd,
    /// When it ended, however late that can be written.
    pub at: Timestamp,
}

/// How the account's endpoint fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointHealth {
    pub failures_in_a_row: u32,
    pub failing_since: Option<Timestamp>,
    /// Set while everything is paused, with the reason.
    pub disabled: Option<(Timestamp, String)>,
}

#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Takes on up to `limit` deliveries due at `now`, oldest first, at most `per_account` of one
    /// account counting those already taken on, and fair between accounts. They are this caller's
    /// until `lease_ends`; a lease that runs out puts the delivery back. Paused accounts are
    /// passed over, but for what was asked for by hand. So are accounts whose endpoint failed
    /// five times in a row, until the oldest that failed is to be tried again, or for half an
    /// hour; and then they get one delivery at a time, that one first, until one succeeds. The
    /// messages of a new
    /// contact wait until an attempt to tell of the contact has ended, however it did.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_ends: Timestamp,
        limit: i64,
        per_account: i64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// Writes how an attempt ended, its log line, and how the endpoint fares, in one commit, which
    /// those share that end at the same time. `false`, and nothing written, if the lease is no
    /// longer held.
    async fn end_attempt(&self, ending: &AttemptEnding) -> Result<bool, StoreError>;

    async fn endpoint_health(&self, account: &AccountId) -> Result<EndpointHealth, StoreError>;

    /// Forgets the account's failures: what was paused goes on, what is due stays due.
    async fn enable_endpoint(
        &self,
        account: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes a delivery for one more event of the account, due at once; for samples.
    async fn enqueue(
        &self,
        account: &AccountId,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<DeliveryId, StoreError>;

    /// The account's deliveries, newest first, from the one behind `after`.
    async fn deliveries(
        &self,
        account: &AccountId,
        state: Option<DeliveryState>,
        after: Option<&DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// One delivery of the account, with its attempts, oldest first.
    async fn delivery(
        &self,
        account: &AccountId,
        id: &DeliveryId,
    ) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>, StoreError>;

    /// Makes a delivery due once more, whatever its state, without touching its schedule: what was
    /// delivered stays so, and is not attempted again by itself if this one fails. `false`
    /// if the account has none with this id, or its body is not kept any more.
    async fn redeliver(
        &self,
        account: &AccountId,
        id: &DeliveryId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The same for up to `limit` deliveries created in `[from, to)`, oldest first. Answers how
    /// many.
    async fn redeliver_range(
        &self,
        account: &AccountId,
        from: Timestamp,
        to: Timestamp,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Since when the oldest delivery that is due is held up by nothing but us: its account is not
    /// passed over, and none of its deliveries is being attempted.
    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// How many deliveries have attempts before them, paused ones included, counted up to `most`.
    async fn pending_deliveries(&self, most: i64) -> Result<u64, StoreError>;

    /// Waits until something may have become due, at most until the caller gives up. On
    /// PostgreSQL any node's commit wakes all of them.
    async fn wait_for_work(&self);

    /// Deletes up to `limit` of: bodies delivered before `bodies_before`, and everything about
    /// deliveries that ended before `all_before`. Answers how many rows were touched.
    async fn forget_deliveries(
        &self,
        bodies_before: Timestamp,
        all_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError>;
}
