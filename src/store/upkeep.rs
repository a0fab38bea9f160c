//! The state of the database itself.

use std::fmt;

use async_trait::async_trait;
use sqlx::FromRow;

use super::StoreError;
use crate::model::{Actor, Timestamp};

/// Counts of what the keys of `AVENPING_SECRET_KEY` have sealed. All the rest is sealed with the
/// data key of an account, which stays the same when it is wrapped anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct SealedRows {
    /// Data keys of accounts.
    pub accounts: i64,
    /// Raw posts of Meta's.
    pub posts: i64,
}

/// Of raw posts sealed anew in one step: those who write wait for it, where one writes at a time.
pub(super) const MOST_BYTES: usize = 512 << 10;

#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Brings the schema up to date. Safe to run from several processes at once.
    /// [`StoreError::NewerSchema`] if the database knows migrations that we do not.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Looks whether [`Upkeep::migrate`] would change anything, and changes nothing:
    /// [`StoreError::OldSchema`] if it would, [`StoreError::NewerSchema`] if it would refuse.
    async fn check_schema(&self) -> Result<(), StoreError>;

    /// Answers if the database does.
    async fn ping(&self) -> Result<(), StoreError>;

    /// [`StoreError::MissingKey`] if anything is sealed with a key that we do not hold.
    async fn check_keys(&self) -> Result<(), StoreError>;

    /// How many rows are still sealed with an old key.
    async fn old_key_rows(&self) -> Result<SealedRows, StoreError>;

    /// Seals up to `limit` accounts and up to `limit` raw posts, or half a megabyte of them, with
    /// the current key instead of an old one, while servers run. Answers how many it was; what
    /// somebody else is changing is left for the next call.
    async fn rewrap_keys(
        &self,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<SealedRows, StoreError>;

    /// Closes the connections, after the queries that are running.
    async fn close(&self);
}

impl SealedRows {
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for SealedRows {
    fn add_assign(&mut self, more: Self) {
        self.accounts += more.accounts;
        self.posts += more.posts;
    }
}

impl fmt::Display for SealedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accounts: {}, posts of Meta's: {}", self.accounts, self.posts)
    }
}
