//! A form: Meta calls it a flow.

use super::{AccountId, GraphId, Timestamp};

/// What Graph said about a flow, in a list or by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSnapshot {
    pub id: GraphId,
    pub name: String,
    pub status: String,
    /// Graph's `validation_errors`, as JSON text; `[]` when it named none.
    pub validation: String,
}

/// A flow as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    pub flow: FlowSnapshot,
    pub account_id: AccountId,
    pub created_at: Timestamp,
    /// When something about the flow last changed, not when it was last seen.
    pub updated_at: Timestamp,
    /// How many people the form was sent to.
    pub recipients: i64,
}
