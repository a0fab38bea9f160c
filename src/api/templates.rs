//! Templates: listed, and looked up by name.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::paging::{AFTER, BEFORE, LIMIT, page_query, page_reply};
use crate::access::DeveloperPlan;
use crate::graph::{Edge, Errand, PageQuery};
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, Query, RequestRecord, TextPath, data_of};

/// What the gateway reads of a template; the caller gets all of it.
#[derive(Deserialize)]
struct Known {
    name: String,
    #[serde(default)]
    language: String,
}

/// Pages of this size, when a name is looked for: fewer calls, well below Graph's reply limit.
const LOOKUP_PAGE: u32 = 100;

pub(super) fn routes() -> Vec<Route> {
    let list = Answer::Graph("`items` as Graph has them, and `paging`");
    vec![
        Route::get("/v2/templates", get(all), list).about("Templates", "List templates").with(
            const {
                &[
                    LIMIT,
                    AFTER,
                    BEFORE,
                    Parameter::query(
                        "search",
                        ParameterKind::Text,
                        "Only those of the page whose name contains this, in any letter case",
                    ),
                ]
            },
        ),
        Route::get(
            "/v2/templates/{name}",
            get(by_name),
            Answer::Graph("The template, as Graph has it"),
        )
        .about("Templates", "Look a template up by its name")
        .with(
            const {
                &[
                    Parameter::path("name", ParameterKind::Text, "The exact name"),
                    Parameter::query(
                        "language",
                        ParameterKind::Text,
                        "Which one, if there are several; else en_US, else the first",
                    ),
                ]
            },
        ),
    ]
}

async fn all(
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Response, ApiError> {
    let asked = page_query(&query)?;
    let search = query.text("search")?.map(str::to_lowercase);
    let caller = plan.caller();
    let credentials = caller.credentials(record.errand);
    let page = state.graph.page(credentials, &caller.waba_id, Edge::Templates, &asked);
    let mut page = record.upstream(page).await?;
    if let Some(search) = &search {
        let matches = |known: Known| known.name.to_lowercase().contains(search.as_str());
        page.items.retain(|item| read(item).is_some_and(matches));
    }
    let limit = asked.limit.map(|limit| ("limit", limit.to_string()));
    let kept: Vec<_> = limit.into_iter().chain(search.map(|search| ("search", search))).collect();
    Ok(page_reply(&page, state.public_url.clone(), "/v2/templates", &kept))
}

async fn by_name(
    TextPath(name): TextPath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Response, ApiError> {
    let name = name.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    let language = query.text("language")?;
    let found = record.upstream(named(&state, plan.caller(), record.errand, &name)).await?;
    let in_language = |code| found.iter().find(|(known, _)| known.language == code);
    let chosen = match language {
        Some(code) => in_language(code),
        None => in_language("en_US").or_else(|| found.first()),
    };
    let (_, template) = chosen.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    Ok(data_of(template.get().as_bytes()))
}

/// All templates of that very name, over all pages. Whether Graph's own filter is exact is not
/// documented, so it only makes the pages fewer.
async fn named(
    state: &AppState,
    caller: &Caller,
    errand: Errand,
    name: &str,
) -> Result<Vec<(Known, Box<RawValue>)>, ApiError> {
    let query =
        PageQuery { limit: Some(LOOKUP_PAGE), name: Some(name.to_owned()), ..PageQuery::default() };
    let credentials = caller.credentials(errand);
    let mut pages = state.graph.pages(credentials, &caller.waba_id, Edge::Templates, query);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await? {
        let items = page.items.into_iter().filter_map(|item| Some((read(&item)?, item)));
        found.extend(items.filter(|(known, _)| known.name == name));
    }
    Ok(found)
}

fn read(item: &RawValue) -> Option<Known> {
    serde_json::from_str(item.get()).ok()
}
