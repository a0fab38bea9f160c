//! Claims and ends of sends, many of both in one commit: they change the same pages.

use std::sync::Arc;

use crate::store::commit_groups::Done;
use crate::store::intake::DataKeys;
use crate::store::sqlite::Sqlite;
use crate::store::{Cause, Claimed, Ending, SendClaim, StoreError};

/// What is to be written about a send.
pub(in crate::store::sqlite) enum SendWrite {
    Claim(Arc<SendClaim>),
    End(Arc<Ending>),
}

/// What came of it, kind by kind.
pub(in crate::store::sqlite) enum Written {
    Claimed(Claimed),
    Ended(bool),
}

impl SendWrite {
    fn claim(&self) -> Option<&SendClaim> {
        if let Self::Claim(claim) = self { Some(claim) } else { None }
    }

    fn ending(&self) -> Option<&Ending> {
        if let Self::End(ending) = self { Some(ending) } else { None }
    }

    /// Whatever is claimed meanwhile, what has been sent is written down.
    pub(in crate::store::sqlite) fn goes_first(&self) -> bool {
        matches!(self, Self::End(_))
    }
}

/// Never told to anybody, as each write is told what it asked for.
pub(super) fn mixed_up() -> StoreError {
    StoreError::Query(Cause::unreadable("what came of a write"))
}

impl Sqlite {
    /// Has it written together with what others want to write about sends.
    pub(super) async fn write_send(&self, write: SendWrite) -> Result<Written, StoreError> {
        let written = self.sends.join(write, async |writes| {
            let written = Box::pin(self.write_sends(&writes)).await;
            (writes, written)
        });
        self.within(written).await
    }

    async fn write_sends(&self, writes: &[SendWrite]) -> Done<Written> {
        let claims: Vec<_> = writes.iter().filter_map(SendWrite::claim).collect();
        let endings: Vec<_> = writes.iter().filter_map(SendWrite::ending).collect();
        let (mut tx, keys) = if endings.is_empty() {
            (self.write().await?, DataKeys::default())
        } else {
            let accounts = endings.iter().map(|ending| ending.claim.account().as_str());
            self.write_with_keys(accounts).await?
        };
        // So that who claims a key again is told how it has just ended.
        let ended = self.end_all(&mut tx, &endings, &keys).await?;
        let claimed = self.claim_all(&mut tx, &claims).await?;
        tx.commit().await?;
        let (mut ended, mut claimed) = (ended.into_iter(), claimed.into_iter());
        let written = writes.iter().map(|write| match write {
            SendWrite::Claim(_) => claimed.next().unwrap_or(Err(mixed_up())).map(Written::Claimed),
            SendWrite::End(_) => ended.next().unwrap_or(Err(mixed_up())).map(Written::Ended),
        });
        Ok(written.collect())
    }
}
