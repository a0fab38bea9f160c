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

    /// Closes the connections, after the queries that are running.
    async fn close(&self);
}
