//! `/v2/webhooks/deliveries`: what is still to be told, and what became of the telling.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::DeveloperPlan;
use crate::fields::Violations;
use crate::model::{Delivery, DeliveryAttempt, DeliveryId, DeliveryState, Timestamp};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, Query, Reply, TextPath};

const DEFAULT_PAGE: u32 = 20;

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryList)]
pub(super) struct Listed {
    items: Vec<Item>,
    paging: Paging,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryPaging)]
struct Paging {
    cursors: Cursors,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryCursors)]
struct Cursors {
    /// Where the next page starts; null on the last one
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(super) struct Item {
    id: String,
    /// The `webhook-id` that the endpoint sees
    webhook_id: String,
    event: &'static str,
    state: &'static str,
    attempts: u32,
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = "date-time")]
    next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = "date-time")]
    delivered_at: Option<Timestamp>,
}

/// One delivery, with what was tried.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryWithLog)]
pub(super) struct Logged {
    #[serde(flatten)]
    item: Item,
    log: Vec<Attempt>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeliveryAttempt)]
struct Attempt {
    #[schema(value_type = String, format = "date-time")]
    at: Timestamp,
    /// What the endpoint answered, if it did
    status: Option<u16>,
    error: Option<String>,
    duration_ms: i64,
}

pub(super) async fn list(
    Carried(plan): Carried<DeveloperPlan>,
    State(app): State<AppState>,
    query: Query,
) -> Result<Reply<Listed>, ApiError> {
    let state = query.filled("state")?.map(read_state).transpose()?;
    let limit = query.number("limit", 1..=100)?.unwrap_or(DEFAULT_PAGE);
    let after = query.text("after")?.map(read_cursor).transpose()?;
    let account = &plan.caller().account.id;
    // One more than is shown tells whether there is a next page.
    let asked = i64::from(limit) + 1;
    let mut found = app.store.deliveries(account, state, after.as_ref(), asked).await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    let last = found.last().filter(|_| more);
    let after = last.map(|delivery| delivery.id.as_str().to_owned());
    let items = found.into_iter().map(Item::from).collect();
    Ok(Reply(Listed { items, paging: Paging { cursors: Cursors { after } } }))
}

pub(super) async fn by_id(
    TextPath(id): TextPath,
    Carried(plan): Carried<DeveloperPlan>,
    State(state): State<AppState>,
) -> Result<Reply<Logged>, ApiError> {
    let id = read_id(id)?;
    let found = state.store.delivery(&plan.caller().account.id, &id).await?;
    let (delivery, log) = found.ok_or(ApiError::DELIVERY_NOT_FOUND)?;
    Ok(Reply(Logged { item: delivery.into(), log: log.into_iter().map(Attempt::from).collect() }))
}

/// What is no id is answered like an id that does not exist.
pub(super) fn read_id(text: Option<String>) -> Result<DeliveryId, ApiError> {
    let id = text.and_then(|text| DeliveryId::parse(&text));
    id.ok_or(ApiError::DELIVERY_NOT_FOUND)
}

fn read_state(name: &str) -> Result<DeliveryState, ApiError> {
    DeliveryState::from_name(name).ok_or_else(|| {
        Violations::one("state", "must be pending, delivered, paused or dead").into()
    })
}

fn read_cursor(text: &str) -> Result<DeliveryId, ApiError> {
    DeliveryId::parse(text)
        .ok_or_else(|| Violations::one("after", "must be the cursor of a page").into())
}

impl From<Delivery> for Item {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.as_str().to_owned(),
            webhook_id: delivery.event.as_str().to_owned(),
            event: delivery.kind.name(),
            state: delivery.state.name(),
            attempts: delivery.attempts,
            created_at: delivery.created_at,
            next_attempt_at: delivery.next_attempt_at,
            delivered_at: delivery.delivered_at,
        }
    }
}

impl From<DeliveryAttempt> for Attempt {
    fn from(attempt: DeliveryAttempt) -> Self {
        let DeliveryAttempt { at, status, error, duration_ms } = attempt;
        Self { at, status, error, duration_ms }
    }
}
