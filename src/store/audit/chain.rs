//! Whether each entry follows the one before it.

use std::cmp::Ordering;

use super::{Audit, AuditHead};
use crate::model::AuditEntry;
use crate::store::StoreError;

/// Entries in memory at a time.
const PAGE: i64 = 500;

/// What became of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditChain {
    /// Every entry is what was written; this is the last one.
    Holds(AuditHead),
    Broken {
        /// The first one that is not.
        entry: i64,
        fault: ChainFault,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    #[error("is not there any more")]
    Missing,
    #[error("is not what was written")]
    Changed,
    #[error("does not follow the one before it; one of the two is not what was written")]
    Unlinked,
    #[error("is not one of the chain")]
    Surplus,
}

pub(super) async fn check<A: Audit + ?Sized>(store: &A) -> Result<AuditChain, StoreError> {
    // No entry of ours is numbered below 1, so one that is would be found first.
    let mut page = store.audit_entries_since(i64::MIN, PAGE).await?;
    let mut last = AuditHead { id: 0, hash: String::new() };
    loop {
        for entry in &page {
            if let Some((entry, fault)) = fault_of(entry, &last) {
                return Ok(AuditChain::Broken { entry, fault });
            }
            last = AuditHead { id: entry.id, hash: entry.hash.clone() };
        }
        // The head before the entries: what is added in between is on the page.
        let head = store.audit_head().await?;
        page = store.audit_entries_since(last.id, PAGE).await?;
        if page.is_empty() {
            return Ok(ended(last, &head));
        }
    }
}

fn fault_of(entry: &AuditEntry, last: &AuditHead) -> Option<(i64, ChainFault)> {
    let expected = last.id.saturating_add(1);
    if entry.id > expected {
        return Some((expected, ChainFault::Missing));
    }
    if entry.id < expected {
        return Some((entry.id, ChainFault::Surplus));
    }
    if entry.hash != entry.digest() {
        return Some((entry.id, ChainFault::Changed));
    }
    (entry.previous_hash != last.hash).then_some((entry.id, ChainFault::Unlinked))
}

/// No entry follows `last`, so it must be the one that is noted as the end.
fn ended(last: AuditHead, head: &AuditHead) -> AuditChain {
    let (entry, fault) = match last.id.cmp(&head.id) {
        Ordering::Equal if last == *head => return AuditChain::Holds(last),
        Ordering::Equal => (last.id, ChainFault::Changed),
        Ordering::Less => (last.id.saturating_add(1), ChainFault::Missing),
        Ordering::Greater => (head.id.saturating_add(1), ChainFault::Surplus),
    };
    AuditChain::Broken { entry, fault }
}
