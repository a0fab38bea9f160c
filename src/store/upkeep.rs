//! The state of the database itself.

use async_trait::async_trait;

use super::StoreError;

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

    /// How many accounts are still sealed with an old key.
    async fn old_key_rows(&self) -> Result<u64, StoreError>;

    /// Seals up to `limit` accounts with the current key instead of an old one, while servers run.
    /// Answers how many it was; an account that changes meanwhile is left for the next call.
    async fn rewrap_keys(&self, limit: i64) -> Result<u64, StoreError>;

    /// Closes the connections, after the queries that are running.
    async fn close(&self);
}
