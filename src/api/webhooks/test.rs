//! `POST /v2/webhooks/test`: a sample, delivered now, in the same way as any event.

use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::no_url;
use crate::access::{Acting, DeveloperPlan};
use crate::delivery::Parcel;
use crate::model::{EventId, Timestamp, WebhookEvent};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, Reply};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookTest)]
pub(super) struct Outcome {
    delivered: bool,
    /// What the endpoint answered, if it did
    status: Option<u16>,
    duration_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn test(
    Carried(plan): Carried<DeveloperPlan>,
    Acting(by): Acting,
    State(state): State<AppState>,
) -> Result<Reply<Outcome>, ApiError> {
    let account = &plan.caller().account.id;
    let now = state.clock.now();
    let endpoint = state.store.endpoint(account, now).await?.ok_or_else(no_url)?;
    let parcel = Parcel {
        event: &EventId::generate(),
        kind: WebhookEvent::NewMessage,
        // A sample stands outside the order of the account's events.
        sequence: 0,
        body: &sample(now),
        secrets: &endpoint.secrets,
    };
    let called = state.webhook_client.post(&endpoint.url, &parcel, now, None).await;
    let error = called.failure();
    let delivered = error.is_none();
    if delivered {
        state.store.enable_endpoint(account, &by, now).await?;
    }
    let duration_ms = called.millis();
    Ok(Reply(Outcome { delivered, status: called.status(), duration_ms, error }))
}

/// A message as Meta writes it, from a number that nobody has.
fn sample(now: Timestamp) -> String {
    let message = json!({
        "from": "15550100000",
        "id": "wamid.TEST",
        "timestamp": (now.as_millis() / 1000).to_string(),
        "type": "text",
        "text": { "body": "This is a test of your webhook" },
    });
    json!({ "newMessage": message }).to_string()
}
