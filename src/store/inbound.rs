//! What Meta posts to us: taken in together with what follows from it.

use async_trait::async_trait;

use super::StoreError;
use crate::metrics::ArrivalKind;
use crate::model::{
    AccountId, NewEvent, Progress, StatusKind, StatusUpdate, Timestamp, WebhookEvent,
};

/// An account that a change of Meta's concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRoute {
    pub account: AccountId,
    /// The phone number id, or the WABA id, by which it was found.
    pub found_by: String,
    /// What the account wants to be told; empty when it has no URL.
    pub events: Vec<WebhookEvent>,
}

/// One POST of Meta's, as it came.
#[derive(Clone, Debug)]
pub struct InboundPost {
    pub received_at: Timestamp,
    /// The exact bytes.
    pub raw: Vec<u8>,
    /// What is kept of it beyond the events.
    pub keep: Keep,
    pub arrivals: Vec<Arrival>,
}

/// Why a raw post is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Everything in it became arrivals.
    Routed,
    /// At least one change in it concerns no account of ours.
    Unrouted,
    /// Signed, but not what Meta documents.
    Unparsed,
}

/// One thing that happened to one account. It is taken in once, however often Meta tells it.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub account: AccountId,
    /// `message`, `status` or `change`.
    pub kind: &'static str,
    /// What makes it the same when it comes again.
    pub key: String,
    /// Who wrote, for a message.
    pub contact: Option<Contact>,
    /// Told only if the contact is new to that number.
    pub lead: Option<NewEvent>,
    /// Told in this order.
    pub events: Vec<NewEvent>,
    pub status: Option<StatusUpdate>,
    /// The wamid of the message that this one answers, if it is a form filled in.
    pub answered_form: Option<String>,
}

/// A sender, as one number of the account sees them.
#[derive(Clone, Debug)]
pub struct Contact {
    pub phone_number: String,
    /// Their phone number and their user id, as far as Meta shows them. Whoever is known by one of
    /// them is not new.
    pub senders: Vec<String>,
}

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Those that are new, in the order given.
    pub arrivals: Vec<ArrivalKind>,
    /// Known already, and therefore stored already.
    pub repeats: u64,
    /// In the order in which they are told.
    pub events: Vec<WebhookEvent>,
}

impl Arrival {
    /// The status, if the account is told of it.
    #[must_use]
    pub fn status_that_is_told(&self) -> Option<(AccountId, StatusUpdate)> {
        let is_told = self.events.iter().any(|event| event.kind == WebhookEvent::MessageStatus);
        let status = self.status.clone().filter(|_| is_told)?;
        Some((self.account.clone(), status))
    }

    pub(super) fn what(&self) -> ArrivalKind {
        let status = self.status.as_ref().map(|status| &status.kind);
        match (self.kind, status) {
            (_, Some(StatusKind::Progress(Progress::Sent))) => ArrivalKind::Sent,
            (_, Some(StatusKind::Progress(Progress::Delivered))) => ArrivalKind::Delivered,
            (_, Some(StatusKind::Progress(Progress::Read))) => ArrivalKind::Read,
            (_, Some(StatusKind::Progress(Progress::Played))) => ArrivalKind::Played,
            (_, Some(StatusKind::Failed(_))) => ArrivalKind::Failed,
            ("message", None) => ArrivalKind::Message,
            ("status", None) => ArrivalKind::Status,
            _ => ArrivalKind::Change,
        }
    }
}

#[async_trait]
pub trait Inbound: Send + Sync {
    /// The accounts that have any of these phone number ids, or are linked to any of these WABAs.
    async fn inbound_routes(
        &self,
        phone_numbers: &[String],
        wabas: &[String],
    ) -> Result<Vec<InboundRoute>, StoreError>;

    /// Takes in the posts, all of them or none: raw bytes, repeats, contacts, events with one
    /// pending delivery each (due at once), and statuses, in one commit. Events of an account get
    /// sequence numbers that rise in the order given. An arrival whose account is gone is dropped.
    /// A status moves its message forward and never back, resolves an unknown send whose id it
    /// carries, and waits if its message is not recorded yet. It may count somebody as the
    /// recipient of a form, and so may a form that comes back filled in.
    async fn take_in(&self, posts: &[InboundPost]) -> Result<TakenIn, StoreError>;

    /// Deletes up to `limit` raw posts received before `posts_before`, and up to as many repeat
    /// marks from before `marks_before`. Answers how many went.
    async fn forget_inbound(
        &self,
        posts_before: Timestamp,
        marks_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError>;
}
