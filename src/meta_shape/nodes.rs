//! `GET` and `DELETE /{version}/{id}`: what the id is, the account's own records tell first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::links::{quoted, replaced};
use super::passing::{Asked, OF_NODES, pass};
use crate::access::DeveloperPlan;
use crate::api::{find_media, require_own_flow};
use crate::fields::Json;
use crate::graph::{Cause, Forward, GraphReply, MediaInfo, Work};
use crate::model::GraphId;
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, NodePath, RequestRecord};

/// What somebody else's object is answered with, and one that does not exist.
pub(super) fn hide(error: ApiError) -> ApiError {
    match error {
        ApiError::Graph(failure)
            if failure.is_refusal() || failure.cause == Cause::UnknownObject =>
        {
            ApiError::NO_SUCH_OBJECT
        }
        ApiError::NotFound(_) => ApiError::NO_SUCH_OBJECT,
        other => other,
    }
}

pub(super) async fn show(
    NodePath(node): NodePath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let node = node.ok_or(ApiError::NO_SUCH_OBJECT)?;
    let caller = plan.caller();
    let mut query = asked.among(&OF_NODES)?;
    if !is_own(&node, caller, &state).await? {
        match media(&node, caller, &asked, &record, &state).await.map_err(hide) {
            Ok(reply) => return Ok(record.style.pass(&reply)),
            Err(ApiError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        // A flow that was made a moment ago, perhaps.
        let credentials = caller.credentials(record.errand);
        let flow = require_own_flow(&state, caller, credentials, &node);
        record.upstream(flow).await.map_err(hide)?;
    }
    query.retain(|(name, _)| *name != "phone_number_id");
    let call = Forward { node: &node, edge: None, query, work: Work::Read };
    let reply = pass(call, &asked.here, caller, &record, &state).await?;
    Ok(record.style.pass(&reply))
}

/// Only media can be deleted; nothing is before it is known to be one of the caller's.
pub(super) async fn remove(
    NodePath(node): NodePath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let node = node.ok_or(ApiError::NO_SUCH_OBJECT)?;
    let caller = plan.caller();
    if is_own(&node, caller, &state).await? {
        return Err(ApiError::NO_SUCH_OBJECT);
    }
    let (_, number) = find(&node, caller, &asked, &record, &state).await.map_err(hide)?;
    let credentials = caller.credentials(record.errand);
    let gone = state.graph.delete_media(credentials, &node, Some(&number));
    Ok(record.style.pass(&record.upstream(gone).await?))
}

/// Whether it is the caller's as far as their own records tell: a number, the WhatsApp Business
/// Account, a flow that was seen before.
async fn is_own(node: &GraphId, caller: &Caller, state: &AppState) -> Result<bool, ApiError> {
    let account = &caller.account;
    let is_number = account.owned_number(node.as_str()).is_some();
    Ok(is_number || *node == caller.waba_id || state.store.has_flow(&account.id, node).await?)
}

/// A media, with a link to its bytes that leads here.
async fn media(
    node: &GraphId,
    caller: &Caller,
    asked: &Asked,
    record: &RequestRecord,
    state: &AppState,
) -> Result<GraphReply, ApiError> {
    let (info, _) = find(node, caller, asked, record, state).await?;
    let version = record.errand.version.unwrap_or(state.graph.version()).to_string();
    let mut reply = info.reply;
    if let Ok(text) = std::str::from_utf8(&reply.body) {
        let here = asked.here.link(&[&version, node.as_str(), "bytes"], &[]);
        let url = Json::trimmed(text).members().and_then(|members| members.get("url"));
        let url = url.map(|url| (url, quoted(info.url_announced.then_some(&here))));
        reply.body = replaced(text, &url.into_iter().collect::<Vec<_>>()).into();
    }
    Ok(reply)
}

async fn find(
    node: &GraphId,
    caller: &Caller,
    asked: &Asked,
    record: &RequestRecord,
    state: &AppState,
) -> Result<(MediaInfo, GraphId), ApiError> {
    let only = match asked.query.text("phone_number_id")? {
        Some(number) => {
            let owned = caller.account.owned_number(number).map(|number| &number.id);
            Some(owned.ok_or(ApiError::NotYourNumber)?)
        }
        None => None,
    };
    record.upstream(find_media(state, caller, record.errand, node, only)).await
}
