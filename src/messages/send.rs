//! The handlers that send: read the body as a kind, let Graph take it, answer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::outgoing::{Composed, Outgoing};
use super::{Kind, SendNamedTemplate, SendTemplate};
use crate::access::OwnedPhoneNumber;
use crate::fields::read_body;
use crate::graph::Content;
use crate::state::AppState;
use crate::wire::{ApiError, Carried, JsonBody, RequestRecord, TextPath, data_of};

pub(super) async fn kind(
    kind: &'static Kind,
    Carried(sender): Carried<OwnedPhoneNumber>,
    Carried(body): Carried<Arc<JsonBody>>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let composed = kind.compose(&body.members())?;
    dispatch(sender, composed, record, &state).await
}

pub(super) async fn any(
    Carried(sender): Carried<OwnedPhoneNumber>,
    Carried(body): Carried<Arc<JsonBody>>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let members = body.members();
    let kind = Kind::recognise(&members).ok_or(ApiError::UnsupportedPayload)?;
    dispatch(sender, kind.compose(&members)?, record, &state).await
}

pub(super) async fn template(
    Carried(sender): Carried<OwnedPhoneNumber>,
    Carried(body): Carried<Arc<JsonBody>>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let outgoing = read_body::<Outgoing<SendTemplate>>(&body.members())?;
    dispatch(sender, Composed::from(outgoing), record, &state).await
}

pub(super) async fn named_template(
    TextPath(name): TextPath,
    Carried(sender): Carried<OwnedPhoneNumber>,
    Carried(body): Carried<Arc<JsonBody>>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let outgoing = read_body::<Outgoing<SendNamedTemplate>>(&body.members())?;
    let mut composed = Composed::from(outgoing);
    let name = name.filter(|name| !name.contains('\0')).ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    if let Content::Template(template) = &mut composed.message.content {
        template.name = name;
    }
    dispatch(sender, composed, record, &state).await
}

/// Sends in a task of its own: a caller who goes away does not stop what may be half done.
async fn dispatch(
    sender: OwnedPhoneNumber,
    composed: Composed,
    record: Arc<RequestRecord>,
    state: &AppState,
) -> Result<Response, ApiError> {
    let graph = state.graph.clone();
    let upstream = Arc::clone(&record);
    let task = state.sends.spawn(async move {
        let credentials = sender.caller().credentials(upstream.deadline);
        upstream.upstream(graph.send(credentials, sender.number(), &composed.message)).await
    });
    let sent = task.await.map_err(|_| ApiError::Internal("a send panicked"))?;
    let receipt = sent?;
    record.note_outcome("sent");
    Ok(data_of(&receipt.body))
}
