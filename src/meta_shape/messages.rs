//! `POST /{version}/{number}/messages`: all that Meta takes there.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::message::Seen;
use super::passing::{Asked, bytes, object, pass};
use crate::access::OwnedPhoneNumber;
use crate::fields::JsonKind;
use crate::graph::{Forward, Work};
use crate::messages::{Once, Order, Payload, check_template, dispatch};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, IdempotencyKey, JsonBody, RequestRecord};

pub(super) async fn send(
    IdempotencyKey(key): IdempotencyKey,
    Carried(sender): Carried<OwnedPhoneNumber>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
    request: Request,
) -> Result<Response, ApiError> {
    let path = request.uri().path().to_owned();
    let body = object(request, sender.caller(), &state).await?;
    let members = body.members();
    if members.is("status", JsonKind::String) {
        return mark(&sender, &body, &asked, &record, &state).await;
    }
    let Seen { about, template, traceable } = Seen::of(&members);
    if let Some(template) = &template {
        check_template(sender.caller(), template.borrowed(), key.as_deref(), &state).await?;
    }
    let once = key.map(|key| Once::new(key, &path, body.value()));
    let template = template.map(|template| template.name);
    let payload = Payload { text: bytes(&body), traceable, room: body.room() };
    drop(body);
    dispatch(Order { sender, record, once, template, payload }, about, &state).await
}

/// That a message was read, or is being answered: no message itself, and harmless when repeated.
async fn mark(
    sender: &OwnedPhoneNumber,
    body: &JsonBody,
    asked: &Asked,
    record: &Arc<RequestRecord>,
    state: &AppState,
) -> Result<Response, ApiError> {
    let (node, work) = (sender.number(), Work::Mark(bytes(body)));
    let call = Forward { node, edge: Some("messages"), query: Vec::new(), work };
    let marked = pass(call, &asked.here, sender.caller(), record, state).await?;
    Ok(record.style.pass(&marked))
}
