//! The gateways that share one database.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;

/// Rows of nodes that have been silent for so many times as long as it takes to be given up are
/// deleted.
pub(super) const FORGOTTEN_AFTER: u32 = 20;

#[async_trait]
pub trait Nodes: Send + Sync {
    /// Notes that this node lives, and answers how many do: this one, and all that were heard of
    /// in the last `within`. The time is the database's, so clocks may disagree.
    async fn beat(&self, node: &str, within: Duration) -> Result<u32, StoreError>;

    /// The node is not counted any more.
    async fn leave(&self, node: &str) -> Result<(), StoreError>;
}
