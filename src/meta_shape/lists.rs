//! `GET /{version}/{waba}/message_templates`, `…/flows` and `…/phone_numbers`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::passing::{Asked, OF_LISTS, pass};
use crate::access::DeveloperPlan;
use crate::api::keep_flows;
use crate::graph::{Edge, Flow, Forward, Page, TemplateRow, Work};
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, RequestRecord};

pub(super) async fn list(
    edge: Edge,
    Carried(account): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let caller = account.caller();
    let query = asked.among(&OF_LISTS)?;
    let is_plain = query.iter().all(|(name, _)| *name == "limit");
    // What was left out of the rows must not be taken for what is not there.
    let is_whole_rows = query.iter().all(|(name, _)| *name != "fields");
    let call = Forward { node: &caller.waba_id, edge: Some(edge.name()), query, work: Work::Read };
    let reply = pass(call, &asked.here, caller, &record, &state).await?;
    if is_whole_rows && let Ok(page) = Page::read(&reply.body) {
        learn(edge, &page, is_plain, caller, &state).await?;
    }
    Ok(record.style.pass(&reply))
}

/// What Graph says of forms and templates is kept, whoever asked for it in whatever shape.
async fn learn(
    edge: Edge,
    page: &Page,
    is_plain: bool,
    caller: &Caller,
    state: &AppState,
) -> Result<(), ApiError> {
    match edge {
        Edge::Flows => keep_flows(state, caller, &Flow::read_all(page)).await?,
        Edge::Templates => {
            let is_whole = is_plain && page.is_last();
            state.templates.learn_page(caller, || TemplateRow::read_all(page), is_whole);
        }
        Edge::PhoneNumbers => {}
    }
    Ok(())
}
