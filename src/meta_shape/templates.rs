//! `POST` and `DELETE /{version}/{waba}/message_templates`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::passing::{Asked, bytes, object, pass};
use crate::access::DeveloperPlan;
use crate::graph::{Edge, Forward, Work};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, RequestRecord};

const EDGE: Option<&str> = Some(Edge::Templates.name());

pub(super) async fn create(
    Carried(account): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = account.caller();
    let body = object(request, caller, &state).await?;
    let node = &caller.waba_id;
    let call = Forward { node, edge: EDGE, query: Vec::new(), work: Work::Write(bytes(&body)) };
    let made = pass(call, &asked.here, caller, &record, &state).await;
    let name = body.members().get("name").and_then(|name| name.as_string());
    if let Some(Ok(name)) = name {
        state.templates.forget(caller, &name);
    }
    Ok(record.style.pass(&made?))
}

pub(super) async fn remove(
    Carried(account): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let caller = account.caller();
    // Left out, the id means all languages: an empty one must not mean that.
    let mut query = Vec::new();
    for name in ["name", "hsm_id"] {
        query.extend(asked.query.filled(name)?.map(|value| (name, value.to_owned())));
    }
    let call = Forward { node: &caller.waba_id, edge: EDGE, query, work: Work::Delete };
    let gone = pass(call, &asked.here, caller, &record, &state).await;
    if let Some(name) = asked.query.text("name")? {
        state.templates.forget(caller, name);
    }
    Ok(record.style.pass(&gone?))
}
