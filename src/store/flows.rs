//! The forms of an account, as Graph last told of them.

use async_trait::async_trait;

use super::StoreError;
use crate::model::{AccountId, FlowRecord, FlowSnapshot, GraphId, Timestamp};

#[async_trait]
pub trait Flows: Send + Sync {
    /// Writes what Graph said, in one step. A flow that did not change keeps its `updated_at`,
    /// one that Graph did not speak of stays as it is. [`StoreError::NoAccount`] if there is no
    /// such account.
    async fn save_flows(
        &self,
        account: &AccountId,
        flows: &[FlowSnapshot],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Whether the account is known to have this flow.
    async fn has_flow(&self, account: &AccountId, flow: &GraphId) -> Result<bool, StoreError>;

    /// The account's flows, the one changed last first (by id among equals). With `query`: those
    /// whose name contains it in any letter case, or whose status equals it in upper case.
    /// `%` and `_` in `query` stand for themselves. Each flow comes with the count of people to whom
    /// a message with it went out: once for each, as soon as Meta has said that it was sent,
    /// delivered or read, or the form has come back filled in.
    async fn search_flows(
        &self,
        account: &AccountId,
        query: Option<&str>,
        limit: i64,
    ) -> Result<Vec<FlowRecord>, StoreError>;
}
