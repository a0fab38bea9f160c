//! Deliveries as rows, and rows as deliveries.

use std::collections::HashMap;

use sqlx::FromRow;

use super::webhooks::{endpoint, events};
use crate::model::{
    AccountId, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, Timestamp,
    WebhookEvent,
};
use crate::store::deliveries::{ClaimedDelivery, EndpointHealth};
use crate::store::inbound::InboundRoute;
use crate::store::intake::BODY;
use crate::store::keyring::DataKey;
use crate::store::{Cause, Keyring, StoreError};

/// A delivery that was taken on, with all that it takes to attempt it.
#[derive(FromRow)]
pub(in crate::store) struct ClaimRow {
    id: String,
    account_id: String,
    event_id: String,
    kind: String,
    sequence: i64,
    body: Option<Vec<u8>>,
    scheduled_attempts: i64,
    data_key: Vec<u8>,
    url: Option<String>,
    code: Option<Vec<u8>>,
    /// Only while it still signs.
    previous_code: Option<Vec<u8>>,
}

#[derive(FromRow)]
pub(in crate::store) struct DeliveryRow {
    id: String,
    event_id: String,
    kind: String,
    state: String,
    /// Whether a pending one waits for its endpoint.
    paused: bool,
    attempts: i64,
    created_at: i64,
    due_at: i64,
    delivered_at: Option<i64>,
}

#[derive(FromRow)]
pub(in crate::store) struct AttemptRow {
    at: i64,
    status: Option<i64>,
    error: Option<String>,
    duration_ms: i64,
}

#[derive(FromRow)]
pub(in crate::store) struct HealthRow {
    failures_in_a_row: i64,
    failing_since: Option<i64>,
    disabled_at: Option<i64>,
    disabled_reason: Option<String>,
}

#[derive(FromRow)]
pub(in crate::store) struct RouteRow {
    account_id: String,
    found_by: String,
    url: Option<String>,
    events: Option<String>,
}

/// Opens what was taken on. What does not open is left out: its lease keeps it from being asked
/// for at once again, and it must not keep back the others. Fails only if nothing opens.
pub(in crate::store) fn claimed(
    rows: Vec<ClaimRow>,
    lease: &str,
    keyring: &Keyring,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let mut keys = HashMap::new();
    let mut opened = Vec::with_capacity(rows.len());
    let mut failure = None;
    for row in rows {
        match row.into_claimed(lease, keyring, &mut keys) {
            Ok(delivery) => opened.push(delivery),
            Err(error) => {
                tracing::error!(%error, "a delivery cannot be read, and waits");
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if opened.is_empty() => Err(error),
        _ => Ok(opened),
    }
}

impl ClaimRow {
    fn into_claimed(
        self,
        lease: &str,
        keyring: &Keyring,
        keys: &mut HashMap<String, DataKey>,
    ) -> Result<ClaimedDelivery, StoreError> {
        let account = AccountId::from_stored(self.account_id);
        if !keys.contains_key(account.as_str()) {
            let key = keyring.data_key(&account, &self.data_key)?;
            keys.insert(account.as_str().to_owned(), key);
        }
        let key = keys.get(account.as_str()).ok_or(StoreError::Damaged)?;
        let body = self.body.ok_or(StoreError::Query(Cause::unreadable(BODY)))?;
        let (code, previous) = (self.code, self.previous_code);
        let endpoint = self.url.map(|url| endpoint(url, code, previous, key)).transpose()?;
        Ok(ClaimedDelivery {
            id: DeliveryId::from_stored(self.id),
            event: EventId::from_stored(self.event_id),
            kind: kind(&self.kind)?,
            sequence: self.sequence,
            body: key.open_text(BODY, &body)?,
            attempts: small(self.scheduled_attempts),
            endpoint,
            lease: lease.to_owned(),
            account,
        })
    }
}

impl DeliveryRow {
    pub(in crate::store) fn into_delivery(
        self,
        account: &AccountId,
    ) -> Result<Delivery, StoreError> {
        let state = match self.state.as_str() {
            "pending" if self.paused => DeliveryState::Paused,
            "pending" => DeliveryState::Pending,
            "delivered" => DeliveryState::Delivered,
            "dead" => DeliveryState::Dead,
            _ => return Err(StoreError::Query(Cause::unreadable("deliveries.state"))),
        };
        let due_at = Timestamp::from_millis(self.due_at);
        Ok(Delivery {
            id: DeliveryId::from_stored(self.id),
            account: account.clone(),
            event: EventId::from_stored(self.event_id),
            kind: kind(&self.kind)?,
            state,
            attempts: small(self.attempts),
            created_at: Timestamp::from_millis(self.created_at),
            next_attempt_at: (state == DeliveryState::Pending).then_some(due_at),
            delivered_at: self.delivered_at.map(Timestamp::from_millis),
        })
    }
}

impl AttemptRow {
    pub(in crate::store) fn into_attempt(self) -> DeliveryAttempt {
        DeliveryAttempt {
            at: Timestamp::from_millis(self.at),
            status: self.status.and_then(|status| status.try_into().ok()),
            error: self.error,
            duration_ms: self.duration_ms,
        }
    }
}

impl HealthRow {
    pub(in crate::store) fn into_health(self) -> EndpointHealth {
        let reason = self.disabled_reason.unwrap_or_default();
        EndpointHealth {
            failures_in_a_row: small(self.failures_in_a_row),
            failing_since: self.failing_since.map(Timestamp::from_millis),
            disabled: self.disabled_at.map(|at| (Timestamp::from_millis(at), reason)),
        }
    }
}

impl RouteRow {
    pub(in crate::store) fn into_route(self) -> InboundRoute {
        let wanted = self.events.filter(|_| self.url.is_some());
        InboundRoute {
            account: AccountId::from_stored(self.account_id),
            found_by: self.found_by,
            events: wanted.map(|names| events(&names)).unwrap_or_default(),
        }
    }
}

fn kind(name: &str) -> Result<WebhookEvent, StoreError> {
    WebhookEvent::from_name(name).ok_or(StoreError::Query(Cause::unreadable("events.kind")))
}

fn small(count: i64) -> u32 {
    u32::try_from(count.max(0)).unwrap_or(u32::MAX)
}
