//! The record of each message.

use async_trait::async_trait;

use super::StoreError;
use crate::model::{AccountId, GraphId, MessageId, MessageRecord, MessageStatus, Timestamp};

/// Which messages to list; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    pub reference: Option<String>,
    /// As it went to Graph.
    pub to: Option<String>,
    pub status: Option<MessageStatus>,
    pub phone_number: Option<GraphId>,
}

#[async_trait]
pub trait Messages: Send + Sync {
    /// Writes the records in one commit. A record whose id is there already is left as it is; one
    /// whose account is gone is dropped. A status that came before its record is not lost: it is
    /// applied when the record is written.
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), StoreError>;

    /// The account's message with this id of ours, or this wamid.
    async fn message(
        &self,
        account: &AccountId,
        id_or_wamid: &str,
    ) -> Result<Option<MessageRecord>, StoreError>;

    /// The account's messages, newest first, from the one behind `after`.
    async fn messages(
        &self,
        account: &AccountId,
        filter: &MessageFilter,
        after: Option<&MessageId>,
        limit: i64,
    ) -> Result<Vec<MessageRecord>, StoreError>;

    /// Deletes up to `limit` messages created before `before`. Answers how many went.
    async fn forget_messages(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError>;
}
