//! Templates: listed, looked up by name, made, edited and deleted.

mod change;
mod new;

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use axum::routing::{delete, get, patch, post};
use http::request::Parts;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::paging::{AFTER, BEFORE, LIMIT, page_query, page_reply};
use crate::access::DeveloperPlan;
use crate::fields::Field;
use crate::graph::{Edge, TemplateRow};
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, Query, RequestRecord, TextPath, data_of};

/// The path that sends is also that of a template which is called `send`.
const SEND: &str = "/v2/templates/send";

const NAME: Parameter = Parameter::path("name", ParameterKind::Text, "The exact name");
const WHICH: Parameter = Parameter::query(
    "language",
    ParameterKind::Text,
    "Which one, if there are several; else en_US, else the first",
);
const EDITED: Parameter =
    Parameter::query("language", ParameterKind::Filled, "Which one; needed if there are several");
const DELETED: Parameter =
    Parameter::query("language", ParameterKind::Filled, "Which one; all of them if left out");

pub(super) fn routes() -> Vec<Route> {
    let list = Route::get("/v2/templates", get(all), Answer::Page("A page of the templates"))
        .about("Templates", "List templates")
        .with(
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
        );
    let create =
        Route::post("/v2/templates", post(change::create), Answer::Graph("Graph's answer"))
            .about("Templates", "Make a template, in Meta's own shape")
            .takes(new::NewTemplate::schema, new::EXAMPLE);
    let named =
        named("/v2/templates/{name}", const { &[[NAME, WHICH], [NAME, EDITED], [NAME, DELETED]] });
    let send = self::named(SEND, const { &[[WHICH], [EDITED], [DELETED]] });
    [list, create].into_iter().chain(named).chain(send).collect()
}

/// What can be done with the templates of one name; the parameters of each.
fn named<const N: usize>(
    path: &'static str,
    parameters: &'static [[Parameter; N]; 3],
) -> [Route; 3] {
    let [look_up, edit, remove] = parameters;
    [
        Route::get(path, get(by_name), Answer::Graph("The template, as Graph has it"))
            .about("Templates", "Look a template up by its name")
            .with(look_up),
        Route::patch(path, patch(change::edit), Answer::Graph("Graph's answer"))
            .about("Templates", "Edit a template")
            .with(edit)
            .takes(new::TemplateChange::schema, new::CHANGE_EXAMPLE),
        Route::delete(path, delete(change::remove), Answer::Graph("Graph's answer"))
            .about("Templates", "Delete the templates of a name")
            .with(remove),
    ]
}

/// The name of a template as the path has it; `None` if it is no Unicode.
struct Name(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let is_send = parts.uri.path() == SEND;
        let TextPath(name) = TextPath::from_request_parts(parts, state).await?;
        Ok(Self(name.or_else(|| is_send.then(|| "send".to_owned()))))
    }
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
    let is_whole = asked.after.is_none() && asked.before.is_none() && page.is_last();
    state.templates.learn_page(caller, || TemplateRow::read_all(&page), is_whole);
    if let Some(search) = &search {
        page.items.retain(|item| {
            name_of(item).is_some_and(|name| name.to_lowercase().contains(search.as_str()))
        });
    }
    let limit = asked.limit.map(|limit| ("limit", limit.to_string()));
    let kept: Vec<_> = limit.into_iter().chain(search.map(|search| ("search", search))).collect();
    Ok(page_reply(&page, state.public_url.clone(), "/v2/templates", &kept))
}

async fn by_name(
    Name(name): Name,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Response, ApiError> {
    let name = name.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    let language = query.text("language")?;
    let found = state.templates.look_up(&state.graph, plan.caller(), record.errand, &name);
    let found = record.upstream(found).await?;
    let in_language = |code| found.iter().find(|row| row.language == code);
    let chosen = match language {
        Some(code) => in_language(code),
        None => in_language("en_US").or_else(|| found.first()),
    };
    let template = chosen.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    Ok(data_of(template.raw.get().as_bytes()))
}

fn name_of(item: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    serde_json::from_str::<Named>(item.get()).ok().map(|named| named.name)
}
