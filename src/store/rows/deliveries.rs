//! Deliveries as rows, and rows as deliveries.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::FromRow;

use super::webhooks::{endpoint, events};
use crate::model::{
    AccountId, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, Timestamp,
    WebhookEvent,
};
use crate::store::deliveries::{AttemptEnd, AttemptEnding, ClaimedDelivery, EndpointHealth};
use crate::store::inbound::InboundRoute;
use crate::store::intake::BODY;
use crate::store::keyring::DataKey;
use crate::store::{Cause, Keyring, StoreError};

/// The later waits of a schedule are hours long: an endpoint that is back must not wait for them.
pub(in crate::store) const LONGEST_SHUT: Duration = Duration::from_secs(30 * 60);

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

/// What the end of an attempt means for its row.
pub(in crate::store) struct Ended {
    pub(in crate::store) state: &'static str,
    /// Whether it was an attempt at all.
    pub(in crate::store) counts: bool,
    pub(in crate::store) retry_at: Option<i64>,
    pub(in crate::store) delivered_at: Option<i64>,
    pub(in crate::store) ended_at: Option<i64>,
}

impl Ended {
    pub(in crate::store) fn of(end: &AttemptEnd, now: Timestamp) -> Self {
        let now = Some(now.as_millis());
        let pending = Self {
            state: "pending",
            counts: true,
            retry_at: None,
            delivered_at: None,
            ended_at: None,
        };
        match end {
            AttemptEnd::Delivered => {
                Self { state: "delivered", delivered_at: now, ended_at: now, ..pending }
            }
            AttemptEnd::Retry(then) => Self { retry_at: Some(then.as_millis()), ..pending },
            AttemptEnd::Dead => Self { state: "dead", ended_at: now, ..pending },
            AttemptEnd::Disable(_) => pending,
            AttemptEnd::GiveBack => Self { counts: false, ..pending },
        }
    }
}

/// An attempt whose lease was held to its end.
pub(in crate::store) struct EndedAttempt<'a> {
    /// Among those that end with it.
    pub(in crate::store) place: usize,
    pub(in crate::store) ending: &'a AttemptEnding,
    pub(in crate::store) account: String,
    /// Whether its delivery is tried again.
    pub(in crate::store) pending: bool,
}

/// A line of the log.
pub(in crate::store) struct LogRow<'a> {
    pub(in crate::store) account: &'a str,
    pub(in crate::store) delivery: &'a str,
    pub(in crate::store) attempt: &'a DeliveryAttempt,
}

impl<'a> EndedAttempt<'a> {
    /// `None` if nothing was attempted.
    pub(in crate::store) fn log(&'a self) -> Option<LogRow<'a>> {
        let attempt = self.ending.attempt.as_ref()?;
        let delivery = self.ending.delivery.as_str();
        Some(LogRow { account: &self.account, delivery, attempt })
    }
}

impl LogRow<'_> {
    pub(in crate::store) fn status(&self) -> Option<i64> {
        self.attempt.status.map(i64::from)
    }

    /// PostgreSQL cannot hold U+0000, and what an endpoint says may be in here.
    pub(in crate::store) fn error(&self) -> Option<String> {
        self.attempt.error.as_ref().map(|error| error.replace('\0', "\u{fffd}"))
    }
}

/// In the order in which those that end attempts lock deliveries, so that two of them wait for each
/// other in one direction only; each with its place.
pub(in crate::store) fn by_delivery(endings: &[AttemptEnding]) -> Vec<(usize, &AttemptEnding)> {
    let mut endings: Vec<_> = endings.iter().enumerate().collect();
    endings.sort_by_key(|(_, ending)| &ending.delivery);
    endings
}

/// In the order in which they lock how endpoints fare; those of one account as they ended.
pub(in crate::store) fn by_account(ended: &mut [EndedAttempt<'_>]) {
    ended.sort_by(|a, b| (&a.account, a.place).cmp(&(&b.account, b.place)));
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

#[cfg(test)]
mod tests {
    use super::{EndedAttempt, by_account, by_delivery};
    use crate::model::{DeliveryId, Timestamp};
    use crate::store::{AttemptEnd, AttemptEnding};

    #[test]
    fn whoever_ends_attempts_locks_in_one_order_whatever_theirs_was() {
        // One made later has a greater id.
        let endings: Vec<_> = [3, 1, 2, 0]
            .map(|age| AttemptEnding {
                delivery: DeliveryId::first_of(Timestamp::from_millis(1_000 * age)),
                lease: String::new(),
                attempt: None,
                end: AttemptEnd::Delivered,
                at: Timestamp::from_millis(0),
            })
            .into();
        let endings = by_delivery(&endings);
        assert_eq!(endings.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [3, 1, 2, 0]);

        let mut ended: Vec<_> = endings
            .into_iter()
            .zip(["bob", "ada", "bob", "ada"])
            .map(|((place, ending), account)| EndedAttempt {
                place,
                ending,
                account: account.to_owned(),
                pending: false,
            })
            .collect();
        by_account(&mut ended);
        let order: Vec<_> = ended.iter().map(|one| (one.account.as_str(), one.place)).collect();
        assert_eq!(order, [("ada", 0), ("ada", 1), ("bob", 2), ("bob", 3)]);
    }
}
