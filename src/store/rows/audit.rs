//! Audit entries as rows.

use sqlx::FromRow;

use crate::model::{AccountId, AuditEntry, Deed, Timestamp};
use crate::store::AuditHead;
use crate::store::audit::deeds;

#[derive(FromRow)]
pub(in crate::store) struct AuditRow {
    id: i64,
    at: i64,
    actor: String,
    actor_name: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    account_id: Option<String>,
    action: String,
    details: String,
    previous_hash: String,
    hash: String,
}

#[derive(FromRow)]
pub(in crate::store) struct HeadRow {
    id: i64,
    hash: String,
}

impl AuditRow {
    pub(in crate::store) fn into_entry(self) -> AuditEntry {
        AuditEntry {
            id: self.id,
            at: Timestamp::from_millis(self.at),
            actor: self.actor,
            actor_name: self.actor_name,
            address: self.address,
            request_id: self.request_id,
            account: self.account_id.map(AccountId::from_stored),
            action: self.action,
            details: self.details,
            previous_hash: self.previous_hash,
            hash: self.hash,
        }
    }
}

impl HeadRow {
    pub(in crate::store) fn into_head(self) -> AuditHead {
        AuditHead { id: self.id, hash: self.hash }
    }
}

/// What was forgotten of an endpoint's failures.
pub(in crate::store) struct Forgiven {
    /// Whether there were any.
    pub(in crate::store) any: bool,
    /// That it is enabled again, if it was disabled.
    pub(in crate::store) enabled: Option<Deed>,
}

impl Forgiven {
    /// Of its row, if it had one: when it was disabled.
    pub(in crate::store) fn of(row: Option<Option<i64>>) -> Self {
        Self { any: row.is_some(), enabled: row.flatten().map(deeds::endpoint_enabled) }
    }
}
