//! Forms: Meta's flows, listed, searched and looked up.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::paging::{AFTER, LIMIT, page_query, page_reply};
use crate::access::DeveloperPlan;
use crate::graph::{Credentials, Edge, Flow, PageQuery};
use crate::model::{FlowRecord, FlowSnapshot, GraphId, Timestamp};
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::state::{AppState, Caller};
use crate::store::StoreError;
use crate::wire::{ApiError, Carried, GraphIdPath, Query, Reply, RequestRecord, data_of};

const DEFAULT_PAGE: u32 = 25;
const LOOKUP_PAGE: u32 = 100;

/// `{items:[…]}`
#[derive(Serialize, ToSchema)]
struct Found {
    items: Vec<Form>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Form {
    id: String,
    name: String,
    status: String,
    /// What Graph found wrong with it
    #[schema(value_type = Vec<Object>)]
    validation: Box<RawValue>,
    account_id: String,
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    updated_at: Timestamp,
    #[serde(rename = "_count")]
    count: Count,
}

#[derive(Serialize, ToSchema)]
struct Count {
    /// People to whom it went as a message of its own; one that opens from a template does not
    /// count
    recipients: i64,
}

pub(super) fn routes() -> Vec<Route> {
    let list = Answer::Page("A page of the forms");
    vec![
        Route::get("/v2/forms", get(all), list)
            .about("Forms", "List forms")
            .with(const { &[LIMIT, AFTER] }),
        Route::get("/v2/forms/search", get(search), Answer::data::<Found>())
            .about("Forms", "Search the forms seen so far")
            .with(
                const {
                    &[
                        Parameter::query(
                            "q",
                            ParameterKind::Text,
                            "A part of the name, or a status",
                        ),
                        Parameter::query(
                            "limit",
                            ParameterKind::Number { least: 1, most: 50 },
                            "How many to answer; 20 if left out",
                        ),
                    ]
                },
            ),
        Route::get("/v2/forms/{flowId}", get(by_id), Answer::Graph("The flow, as Graph has it"))
            .about("Forms", "Look a form up")
            .with(
                const { &[Parameter::path("flowId", ParameterKind::Id, "One of your own flows")] },
            ),
    ]
}

async fn all(
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Response, ApiError> {
    let mut asked = page_query(&query)?;
    asked.before = None;
    let limit = asked.limit.get_or_insert(DEFAULT_PAGE).to_string();
    let caller = plan.caller();
    let credentials = caller.credentials(record.errand);
    let page = state.graph.page(credentials, &caller.waba_id, Edge::Flows, &asked);
    let page = record.upstream(page).await?;
    keep_flows(&state, caller, &Flow::read_all(&page)).await?;
    let kept = [("limit", limit)];
    Ok(page_reply(&page, state.public_url.clone(), "/v2/forms", &kept))
}

async fn search(
    Carried(plan): Carried<DeveloperPlan>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Reply<Found>, ApiError> {
    let text = query.text("q")?;
    let limit = query.number("limit", 1..=50)?.unwrap_or(20);
    let account = &plan.caller().account.id;
    let flows = state.store.search_flows(account, text, i64::from(limit)).await?;
    Ok(Reply(Found { items: flows.into_iter().map(Form::from).collect() }))
}

async fn by_id(
    GraphIdPath(id): GraphIdPath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let id = id.ok_or(ApiError::FORM_NOT_FOUND)?;
    let caller = plan.caller();
    let credentials = caller.credentials(record.errand);
    record.upstream(require_own_flow(&state, caller, credentials, &id)).await?;
    let flow = record.upstream(state.graph.flow(credentials, &id)).await?;
    let snapshot = Flow::read(&flow).filter(|snapshot| snapshot.id == id);
    let snapshot = snapshot.ok_or(ApiError::FORM_NOT_FOUND)?;
    keep_flows(&state, caller, &[snapshot]).await?;
    Ok(data_of(&flow))
}

/// Two accounts may share a Meta token, so Graph alone would tell of a stranger's flow. A flow
/// that is not known yet may be new: Graph's list is read once more.
///
/// # Errors
/// When it is none of theirs, or as any read of Graph's.
pub async fn require_own_flow(
    state: &AppState,
    caller: &Caller,
    credentials: Credentials<'_>,
    id: &GraphId,
) -> Result<(), ApiError> {
    if state.store.has_flow(&caller.account.id, id).await? {
        return Ok(());
    }
    let query = PageQuery { limit: Some(LOOKUP_PAGE), ..PageQuery::default() };
    let mut pages = state.graph.pages(credentials, &caller.waba_id, Edge::Flows, query);
    while let Some(page) = pages.next().await? {
        let seen = Flow::read_all(&page);
        keep_flows(state, caller, &seen).await?;
        if seen.iter().any(|flow| flow.id == *id) {
            return Ok(());
        }
    }
    Err(ApiError::FORM_NOT_FOUND)
}

/// Keeps what Graph said, for the search and for the next look-up. Graph's answer is good also
/// when the database is too busy to keep it.
///
/// # Errors
/// When the database is there and takes it not.
pub async fn keep_flows(
    state: &AppState,
    caller: &Caller,
    flows: &[FlowSnapshot],
) -> Result<(), ApiError> {
    match state.store.save_flows(&caller.account.id, flows, state.clock.now()).await {
        Err(StoreError::Unavailable(cause)) => {
            tracing::warn!(%cause, "what Graph said of flows is not kept");
            Ok(())
        }
        kept => Ok(kept?),
    }
}

impl From<FlowRecord> for Form {
    fn from(record: FlowRecord) -> Self {
        let validation = RawValue::from_string(record.flow.validation).ok();
        Self {
            id: record.flow.id.to_string(),
            name: record.flow.name,
            status: record.flow.status,
            validation: validation.unwrap_or_else(|| RawValue::NULL.to_owned()),
            account_id: record.account_id.to_string(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            count: Count { recipients: record.recipients },
        }
    }
}
