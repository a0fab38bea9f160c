//! The record of each message.

use async_trait::async_trait;

use super::StoreError;
use crate::model::{
    AccountId, GraphId, MessageId, MessageRecord, MessageStatus, StatusUpdate, Timestamp,
};

/// Which messages to list; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    pub reference: Option<String>,
    /// As it went to Graph.
    pub to: Option<String>,
    pub status: Option<MessageStatus>,
    pub phone_number: Option<GraphId>,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    pub messages: Vec<MessageRecord>,
    /// Behind which one the next page begins; `None` if this is the last.
    pub next: Option<MessageId>,
}

#[async_trait]
pub trait Messages: Send + Sync {
    /// Writes the records in one commit. A record whose id is there already is left as it is; one
    /// whose account is gone is dropped. None is refused for what it holds, or it would take the
    /// others with it: U+0000 becomes U+FFFD, and what is looked up by is cut to 2,000 bytes. A
    /// status that came before its record is not lost: it is applied when the record is written.
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), StoreError>;

    /// Moves messages forward as Meta tells, in one commit. Found by our id, unless that is known
    /// to be another message of Meta's, or else by the wamid; always with the account. Progress
    /// rises and never falls, each time is written once, one that Meta left out stays empty, and
    /// a failure stands beside them. Such a message was accepted, whatever was known before, and
    /// gets the wamid and the receiver if it had none. A status without a message waits for it,
    /// once; one whose account is gone is dropped. `take_in` does the same in its own commit.
    async fn apply_statuses(&self, told: &[(AccountId, StatusUpdate)]) -> Result<(), StoreError>;

    /// What their senders call the messages that the statuses are about, in the order given; found
    /// as [`Messages::apply_statuses`] finds them. `None` for a message that has no reference, or
    /// is not recorded.
    async fn references(
        &self,
        told: &[(AccountId, StatusUpdate)],
    ) -> Result<Vec<Option<String>>, StoreError>;

    /// The account's message with this id of ours, or this wamid.
    async fn message(
        &self,
        account: &AccountId,
        id_or_wamid: &str,
    ) -> Result<Option<MessageRecord>, StoreError>;

    /// The account's messages, the one with the greatest id first, which is the newest, from the
    /// one behind `after`; that one need not be there any more. Ten thousand are looked at, at
    /// most: of a filter that few messages meet a page may hold fewer than `limit`, or none,
    /// although there are more to come.
    async fn messages(
        &self,
        account: &AccountId,
        filter: &MessageFilter,
        after: Option<&MessageId>,
        limit: i64,
    ) -> Result<MessagePage, StoreError>;

    /// Deletes up to `limit` messages created before `before`, oldest first. Answers how many
    /// went. A message must be kept for longer than the key it was sent under: the record is what
    /// knows that an unknown send has been resolved.
    async fn forget_messages(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError>;

    /// Deletes up to `limit` statuses from before `before` whose message was never recorded:
    /// somebody else sent it. Answers how many went.
    async fn forget_waiting_statuses(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError>;
}
