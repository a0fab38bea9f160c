//! Sends under an `Idempotency-Key`: once, whatever happens.
//!
//! The key is claimed in a durable commit before the first byte goes out, and the answer is
//! committed before it is given. Nothing here ever sends a second time under one key.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::dispatch::{result_of, with_message_id};
use super::order::{Once, Order};
use crate::graph::{GraphFailure, Outcome, Permit};
use crate::metrics::Claim;
use crate::model::{MessageId, MessageRecord, SendOutcome, SendResult};
use crate::state::AppState;
use crate::store::{Claimed, Ending, SendClaim, SendEnd, StoreError, StoredReply};
use crate::wire::{ApiError, json_response, word};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const PAUSE: Duration = Duration::from_millis(500);
/// With more sends than this under way, a database that comes back has enough to do.
const MOST_PENDING: usize = 2048;

/// No async function, as that keeps each of its arguments twice, as long as it runs.
pub(super) fn send_once(
    order: Order,
    once: Once,
    permit: Result<Permit, GraphFailure>,
    row: MessageRecord,
    state: AppState,
) -> impl Future<Output = Result<Response, ApiError>> {
    let lease = state.records.idempotency_lease.get();
    let lease_ends = Instant::now() + lease;
    let message = row.id.clone();
    let Once { key, fingerprint } = once;
    let claim = Arc::new(SendClaim { key, fingerprint, message: row, lease });
    async move {
        let claimed = match &permit {
            Ok(_) => state.store.claim_send(&claim).await.map(Some),
            // A breaker claims nothing. But whoever asks again after what has been sent must not hear
            // that it was not.
            Err(_) => state.store.held_send(&claim).await,
        };
        state.metrics.claims.found(found(&claimed));
        if permit.is_ok() && matches!(claimed, Err(StoreError::Unavailable(_))) {
            leave_free(&claim, lease_ends, &state);
        }
        match claimed? {
            None | Some(Claimed::Won) => {}
            Some(Claimed::InProgress) => return Err(ApiError::KeyInProgress),
            Some(Claimed::Reused) => return Err(ApiError::KeyReused),
            Some(Claimed::Finished { message, reply }) => {
                return Ok(replay(&order, reply, &message));
            }
            Some(Claimed::Resolved(record)) => {
                let body = order.record.style.body(&resolved(&record));
                let reply = StoredReply { status: 200, body };
                return Ok(replay(&order, reply, &record.id));
            }
            Some(Claimed::Unknown { message, reply }) => {
                let reply = reply.unwrap_or_else(|| unknown(&order));
                return Ok(replay(&order, reply, &message));
            }
        }
        let permit = permit?;

        let sent = order.send(permit, Some(&message), &state).await;
        let (result, error) = result_of(&sent);
        let (response, end) = match sent {
            Ok(receipt) => {
                order.record.note_outcome("sent");
                let style = order.record.style;
                let reply = StoredReply { status: 200, body: style.body(&receipt.reply.body) };
                (style.pass(&receipt.reply), SendEnd::Final(reply))
            }
            Err(failure) => {
                let outcome = failure.outcome;
                let worded = word(&failure.into(), &order.record);
                order.record.note_outcome(worded.outcome);
                let reply =
                    StoredReply { status: worded.status.as_u16(), body: worded.body.clone() };
                let end = match outcome {
                    Outcome::NotSent => SendEnd::Released,
                    Outcome::Rejected => SendEnd::Final(reply),
                    Outcome::Unknown => SendEnd::Unknown(reply),
                };
                (worded.into_response(), end)
            }
        };
        let ending = Ending { claim, end, result, error, at: state.clock.now() };
        write_end(Arc::new(ending), lease_ends, &state).await;
        Ok(with_message_id(response, &message))
    }
}

/// A claim that was not answered may have been written. Nothing was sent under it, so the key is
/// to be free again, and not to count as unknown when the lease ends.
fn leave_free(claim: &Arc<SendClaim>, lease_ends: Instant, state: &AppState) {
    if state.sends.len() > MOST_PENDING {
        return;
    }
    let result = SendResult { outcome: SendOutcome::NotSent, wamid: None, wa_id: None };
    let ending = claim.ended(SendEnd::Released, result, state.clock.now());
    state.sends.spawn(keep_writing(ending, lease_ends, state.clone()));
}

/// Writes the end before the answer is given. If the database is away the caller still gets the
/// answer, and the writing goes on for the rest of the lease; after that the send is unknown.
async fn write_end(ending: Arc<Ending>, lease_ends: Instant, state: &AppState) {
    if write(&ending, state).await {
        return;
    }
    state.sends.spawn(keep_writing(ending, lease_ends, state.clone()));
}

async fn keep_writing(ending: Arc<Ending>, lease_ends: Instant, state: AppState) {
    while Instant::now() < lease_ends {
        sleep(PAUSE).await;
        if write(&ending, &state).await {
            return;
        }
    }
    tracing::error!(
        send = ending.claim.message.id.as_str(),
        "the end of a send could not be stored"
    );
}

/// `false` if it is worth another try.
async fn write(ending: &Arc<Ending>, state: &AppState) -> bool {
    match state.store.end_send(ending).await {
        Ok(_) => true,
        Err(StoreError::Unavailable(cause)) => {
            let send = ending.claim.message.id.as_str();
            tracing::warn!(send, %cause, "the end of a send waits for the database");
            false
        }
        Err(cause) => {
            tracing::error!(%cause, "the end of a send cannot be stored");
            true
        }
    }
}

fn found(claimed: &Result<Option<Claimed>, StoreError>) -> Claim {
    let claimed = match claimed {
        Ok(Some(claimed)) => claimed,
        Ok(None) => return Claim::HeldBack,
        Err(_) => return Claim::Failed,
    };
    match claimed {
        Claimed::Won => Claim::Won,
        Claimed::InProgress => Claim::InProgress,
        Claimed::Reused => Claim::Reused,
        Claimed::Finished { .. } => Claim::Replayed,
        Claimed::Resolved(_) => Claim::Resolved,
        Claimed::Unknown { .. } => Claim::Unknown,
    }
}

fn replay(order: &Order, reply: StoredReply, message: &MessageId) -> Response {
    order.record.note_outcome("replayed");
    let mut response = json_response(reply.body);
    let status = StatusCode::from_u16(reply.status);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    with_message_id(response, message)
}

/// Graph's answer never came, but a status of Meta's told that the message was sent.
fn resolved(record: &MessageRecord) -> Vec<u8> {
    let result = record.result.as_ref();
    let wamid = result.and_then(|result| result.wamid.as_deref());
    let contact = match result.and_then(|result| result.wa_id.as_deref()) {
        Some(wa_id) => json!({ "input": record.to, "wa_id": wa_id }),
        None => json!({ "input": record.to }),
    };
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": wamid }],
    });
    answer.to_string().into_bytes()
}

/// Nobody knows what Graph answered: the process that asked is gone.
fn unknown(order: &Order) -> StoredReply {
    let worded = word(&GraphFailure::unanswered().into(), &order.record);
    StoredReply { status: worded.status.as_u16(), body: worded.body }
}
