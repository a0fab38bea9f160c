//! Sends a message, and leaves one record of it.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue};

use super::keyed::send_once;
use super::outgoing::Composed;
use super::send::Sending;
use super::template_check;
use crate::graph::{Credentials, GraphFailure, Outcome, Permit, SendReceipt};
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
    order.sending.record.note_receiver(order.composed.message.to.masked());
    let permit = order.permit(state);
    let row = order.row(state);
    let shared = state.clone();
    let task = match (order.sending.key.clone(), permit) {
        (None, Err(refusal)) => return Err(refusal.into()),
        (None, Ok(permit)) => {
            state.sends.spawn(async move { Ok(send_plainly(order, permit, row, &shared).await) })
        }
        (Some(key), permit) => {
            state.sends.spawn(async move { send_once(order, permit, key, row, &shared).await })
        }
    };
    task.await.map_err(|_| ApiError::Internal("a send panicked"))?
}

/// Without a key nothing is written beforehand; the record follows behind the answer.
async fn send_plainly(
    order: Order,
    permit: Permit,
    mut row: MessageRecord,
    state: &AppState,
) -> Response {
    let id = row.id.clone();
    let sent = order.send(permit, state).await;
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
    /// Asked for before anything is written down: what a breaker refuses leaves no trace.
    fn permit(&self, state: &AppState) -> Result<Permit, GraphFailure> {
        state.graph.ready_for(self.credentials(), self.sending.sender.number())
    }

    pub(super) async fn send(
        &self,
        permit: Permit,
        state: &AppState,
    ) -> Result<SendReceipt, GraphFailure> {
        let Sending { sender, record, .. } = &self.sending;
        let message = &self.composed.message;
        let call = state.graph.send(permit, self.credentials(), sender.number(), message);
        let sent = record.upstream(call).await;
        template_check::learn(self, &sent, state);
        sent
    }

    fn credentials(&self) -> Credentials<'_> {
        let Sending { sender, record, .. } = &self.sending;
        sender.caller().credentials(record.errand)
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
