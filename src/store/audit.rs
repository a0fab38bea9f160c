//! Who changed what. Each entry is written by the method that makes the change, in its transaction.

mod chain;
pub(super) mod deeds;

use async_trait::async_trait;

use super::StoreError;
use crate::model::{AccountId, AuditEntry};

pub use chain::{AuditChain, ChainFault};

/// Where the chain of entries ends, as it is noted beside them: 0 and nothing for an empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    pub id: i64,
    pub hash: String,
}

/// Methods that change what is audited take the [`Actor`](crate::model::Actor) who asks for it.
/// They add the entries in the commit that makes the change: without the one there is not the
/// other. A call that changes nothing adds none. An entry is never changed or deleted; the
/// database itself refuses it. Entries outlive their account.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Up to `limit` entries, of one account or of all, newest first, from the one behind `after`.
    async fn audit_entries(
        &self,
        account: Option<&AccountId>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Up to `limit` entries that follow number `id`, oldest first.
    async fn audit_entries_since(&self, id: i64, limit: i64)
    -> Result<Vec<AuditEntry>, StoreError>;

    async fn audit_head(&self) -> Result<AuditHead, StoreError>;

    /// Walks the chain from its start, page by page, while others may add to it, and tells the
    /// first entry that is not what was written: changed, gone, or not one of ours. Whoever can
    /// write to the database past its triggers can also write a whole new chain, or cut it off
    /// and set the head back; that shows only beside a hash that was noted elsewhere.
    async fn check_audit_chain(&self) -> Result<AuditChain, StoreError> {
        chain::check(self).await
    }
}
