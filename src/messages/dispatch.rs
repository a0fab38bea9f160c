//! Sends a message, and leaves one record of it.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue};

use super::keyed::send_once;
use super::outgoing::Composed;
use super::send::Sending;
use crate::graph::{GraphFailure, Outcome, SendReceipt};
use crate::model::{MessageId, MessageRecord, SendOutcome, SendResult};
use crate::state::AppState;
use crate::wire::{ApiError, data_of};

const X_MESSAGE_ID: HeaderName = HeaderName::from_static("x-message-id");

/// A message that is to be sent, with all that was asked for.
pub(super) struct Order {
    pub(super) sending: Sending,
    pub(super) kind: &'static str,
    pub(super) composed: Composed,
}

/// Sends in a task of its own: a caller who goes away does not stop what may be half done.
pub(super) async fn dispatch(order: Order, state: &AppState) -> Result<Response, ApiError> {
    order.sending.record.note_receiver(order.composed.message.to.last_four());
    let row = order.row(state);
    let shared = state.clone();
    let task = state.sends.spawn(async move {
        match order.sending.key.clone() {
            Some(key) => send_once(order, key, row, &shared).await,
            None => Ok(send_plainly(order, row, &shared).await),
        }
    });
    task.await.map_err(|_| ApiError::Internal("a send panicked"))?
}

/// Without a key nothing is written beforehand; the record follows behind the answer.
async fn send_plainly(order: Order, mut row: MessageRecord, state: &AppState) -> Response {
    let id = row.id.clone();
    let sent = order.send(state).await;
    if state.records.record_messages {
        let (result, error) = result_of(&sent);
        row.result = Some(result);
        row.error = error;
        state.recorder.record(row);
    }
    let response = match sent {
        Ok(receipt) => {
            order.sending.record.note_outcome("sent");
            data_of(&receipt.body)
        }
        Err(failure) => ApiError::from(failure).into_response(),
    };
    with_message_id(response, &id)
}

impl Order {
    pub(super) async fn send(&self, state: &AppState) -> Result<SendReceipt, GraphFailure> {
        let Sending { sender, record, .. } = &self.sending;
        let credentials = sender.caller().credentials(record.errand);
        let call = state.graph.send(credentials, sender.number(), &self.composed.message);
        record.upstream(call).await
    }

    fn row(&self, state: &AppState) -> MessageRecord {
        MessageRecord {
            id: MessageId::generate(),
            account: self.sending.sender.caller().account.id.clone(),
            phone_number: self.sending.sender.number().clone(),
            to: self.composed.message.to.as_str().to_owned(),
            kind: self.kind.to_owned(),
            reference: self.composed.reference.clone(),
            form: self.composed.message.content.form().map(str::to_owned),
            created_at: state.clock.now(),
            result: None,
            progress: None,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            error: None,
        }
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
