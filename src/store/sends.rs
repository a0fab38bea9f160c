//! Sends that must happen once: the keys that callers give them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::model::{AccountId, MessageId, MessageRecord, SendResult, Timestamp};

/// A claim to be the one who sends under a key.
#[derive(Clone, Debug)]
pub struct SendClaim {
    pub key: String,
    /// SHA-256 over what the caller asked for.
    pub fingerprint: [u8; 32],
    /// The record of the message, without a result yet. Its id names the send.
    pub message: MessageRecord,
    /// How long the send may run. By the clock of the database, where it has one of its own.
    pub lease: Duration,
}

/// An answer that is kept, to be given again. Sealed at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReply {
    pub status: u16,
    pub body: Vec<u8>,
}

/// What a claim came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The key was free. It and the record of the message are durable now.
    Won,
    /// Another request runs under the key.
    InProgress,
    /// The key stands for another request.
    Reused,
    /// It has been sent, or refused: this was the answer.
    Finished { message: MessageId, reply: StoredReply },
    /// It was sent, as a status of Meta's told later; there is no answer of Graph's.
    Resolved(Box<MessageRecord>),
    /// It may have been sent, and nobody will ever send it again under this key. The answer that
    /// was given, if one was.
    Unknown { message: MessageId, reply: Option<StoredReply> },
}

/// How a send under a key ended.
#[derive(Clone, Debug)]
pub enum SendEnd {
    /// Graph took it or refused it.
    Final(StoredReply),
    /// It may have gone out.
    Unknown(StoredReply),
    /// It provably did not go out: the key is free again.
    Released,
}

/// How a send ended, and what its message is to know of it.
#[derive(Clone, Debug)]
pub struct Ending {
    pub claim: Arc<SendClaim>,
    pub end: SendEnd,
    pub result: SendResult,
    pub error: Option<String>,
    pub at: Timestamp,
}

impl SendClaim {
    /// The end of what was sent under this claim.
    #[must_use]
    pub fn ended(self: &Arc<Self>, end: SendEnd, result: SendResult, at: Timestamp) -> Arc<Ending> {
        Arc::new(Ending { claim: Arc::clone(self), end, result, error: None, at })
    }

    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.message.account
    }
}

/// Claims and ends are shared, not copied: whoever waits beside them may be the one who writes them.
#[async_trait]
pub trait Sends: Send + Sync {
    /// Claims the key of (account of the message, key). Of many at once, on many nodes, one wins.
    /// A send whose lease has run out without an end counts as unknown, is written down as such
    /// before anybody is told, and is never claimed anew. Another fingerprint is
    /// [`Claimed::Reused`], whatever became of the send. An unknown send is [`Claimed::Resolved`]
    /// as soon as a status has reached its message. [`StoreError::NoAccount`] if there is no such
    /// account.
    async fn claim_send(&self, claim: &Arc<SendClaim>) -> Result<Claimed, StoreError>;

    /// What a claim would come to if the key is held; `None` if it is free, and it stays so. Never
    /// [`Claimed::Won`]. A lease that has run out is written down as for a claim.
    async fn held_send(&self, claim: &SendClaim) -> Result<Option<Claimed>, StoreError>;

    /// Whether the key of this account stands for a send, whatever became of it. One that was
    /// released stands for none.
    async fn holds_send(&self, account: &AccountId, key: &str) -> Result<bool, StoreError>;

    /// Ends a send that was won, and writes the message's result, in one commit. `false` if the
    /// send is not the one that holds the key any more, or has its final answer: then only the
    /// message is written. A send that has become unknown meanwhile can still become final, for
    /// an answer of Graph's beats not knowing; but it is not released, for somebody may have been
    /// told that it is unknown: that, too, is `false`. A message that a status has reached stays
    /// accepted. What came to an error may have been written all the same.
    async fn end_send(&self, ending: &Arc<Ending>) -> Result<bool, StoreError>;

    /// Marks up to `limit` sends whose lease has run out as unknown since `now`, and their
    /// messages with them. Leases end by the clock they were made with, whatever `now` is.
    /// Answers how many.
    async fn expire_sends(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError>;

    /// Deletes up to `limit` keys: those that ended before `ended_before`, and those that have
    /// been unknown since before `unknown_before`. Answers how many went.
    async fn forget_sends(
        &self,
        ended_before: Timestamp,
        unknown_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError>;
}
