//! Sends a message, and leaves one record of it.

use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue};

use super::keyed::send_once;
use super::order::{About, Order};
use crate::graph::{GraphFailure, Outcome, Permit, SendReceipt};
use crate::model::{MessageId, MessageRecord, SendOutcome, SendResult};
use crate::state::AppState;
use crate::wire::{ApiError, word};

const X_MESSAGE_ID: HeaderName = HeaderName::from_static("x-message-id");

/// Sends in a task of its own: a caller who goes away does not stop what may be half done.
///
/// # Errors
/// When nothing was sent: by a breaker, or because of the order's key.
pub async fn dispatch(
    mut order: Order,
    about: About,
    state: &AppState,
) -> Result<Response, ApiError> {
    let permit = state.graph.ready_for(order.credentials(), order.sender.number());
    order.record.note_receiver(about.masked);
    let shared = state.clone();
    // Boxed: a task is moved half a dozen times before it runs, and these are large.
    let task = match (order.once.take(), permit) {
        (None, Err(refusal)) => return Err(refusal.into()),
        (None, Ok(permit)) => {
            state.sends.spawn(Box::pin(send_plainly(order, permit, about, shared).map(Ok)))
        }
        (Some(once), permit) => {
            let row = order.row(about, MessageId::generate(), state.clock.now());
            state.sends.spawn(Box::pin(send_once(order, once, permit, row, shared)))
        }
    };
    task.await.map_err(|_| ApiError::Internal("a send panicked"))?
}

/// Without a key nothing is written beforehand; the record follows behind the answer.
///
/// No async function, as that keeps each of its arguments twice, as long as it runs.
fn send_plainly(
    order: Order,
    permit: Permit,
    about: About,
    state: AppState,
) -> impl Future<Output = Response> {
    let (id, created_at) = (MessageId::generate(), state.clock.now());
    async move {
        let sent = order.send(permit, None, &state).await;
        if state.records.record_messages {
            let row = order.row(about, id.clone(), created_at);
            let (result, error) = result_of(&sent);
            state.recorder.record(MessageRecord { result: Some(result), error, ..row });
        }
        let response = match sent {
            Ok(receipt) => {
                order.record.note_outcome("sent");
                order.record.style.pass(&receipt.reply)
            }
            Err(failure) => {
                let worded = word(&failure.into(), &order.record);
                order.record.note_outcome(worded.outcome);
                worded.into_response()
            }
        };
        with_message_id(response, &id)
    }
}

/// What the record keeps of Graph's answer, and of its error.
pub(super) fn result_of(sent: &Result<SendReceipt, GraphFailure>) -> (SendResult, Option<String>) {
    match sent {
        Ok(receipt) => {
            let wamid = Some(receipt.wamid.clone());
            let wa_id = receipt.wa_id.clone();
            (SendResult { outcome: SendOutcome::Accepted, wamid, wa_id }, None)
        }
        Err(failure) => {
            let outcome = match failure.outcome {
                Outcome::NotSent => SendOutcome::NotSent,
                Outcome::Rejected => SendOutcome::Rejected,
                Outcome::Unknown => SendOutcome::Unknown,
            };
            let error = failure.error.as_ref().map(|error| error.raw().get().to_owned());
            (SendResult { outcome, wamid: None, wa_id: None }, error)
        }
    }
}

pub(super) fn with_message_id(mut response: Response, id: &MessageId) -> Response {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_MESSAGE_ID, value);
    }
    response
}
