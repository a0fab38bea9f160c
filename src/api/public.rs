//! What anybody may ask: is it there, which version, is it ready.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::PAGE;
use crate::access::Guard;
use crate::openapi::{Answer, Route};
use crate::state::AppState;
use crate::wire::{ApiError, Reply};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize, ToSchema)]
struct Welcome {
    name: &'static str,
    version: &'static str,
    documentation: String,
}

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Version {
    version: &'static str,
    api: &'static str,
    graph: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Ready {
    ready: bool,
    /// How long the oldest delivery that nothing but the workers holds up has been due; 0 when
    /// there is none
    oldest_due_seconds: u64,
}

pub(super) fn routes() -> Vec<Route> {
    let public = |path, handler, answer, summary| {
        Route::get(path, handler, answer).about("Service", summary).guarded(Guard::Public)
    };
    vec![
        public("/", get(welcome), Answer::data::<Welcome>(), "Name, version and documentation"),
        public("/v2/health", get(health), Answer::data::<Health>(), "Whether the process lives"),
        public("/v2/version", get(version), Answer::data::<Version>(), "The versions in use"),
        public("/v2/ready", get(ready), Answer::data::<Ready>(), "Whether it should get traffic"),
        Route::get("/v2/openapi.json", get(openapi), Answer::Document)
            .about("Service", "This document")
            .guarded(Guard::Public),
    ]
}

async fn welcome(State(state): State<AppState>) -> Reply<Welcome> {
    let base = state.public_url.as_str().trim_end_matches('/');
    let documentation = format!("{base}{PAGE}");
    Reply(Welcome { name: "AvenPing gateway", version: VERSION, documentation })
}

async fn health() -> Reply<Health> {
    Reply(Health { status: "ok" })
}

async fn version(State(state): State<AppState>) -> Reply<Version> {
    let graph = state.graph.version().to_string();
    Reply(Version { version: VERSION, api: "v2", graph })
}

async fn ready(State(state): State<AppState>) -> Result<Reply<Ready>, ApiError> {
    if state.stopping.is_cancelled() {
        return Err(ApiError::NotReady("the process is stopping"));
    }
    let backlog = state.readiness.backlog(&state.store, state.clock.now()).await;
    let Some(backlog) = backlog else {
        return Err(ApiError::NotReady("the database does not answer"));
    };
    if backlog.is_late() {
        return Err(ApiError::NotReady("webhooks are not delivered"));
    }
    Ok(Reply(Ready { ready: true, oldest_due_seconds: backlog.oldest_due.as_secs() }))
}

async fn openapi(State(state): State<AppState>) -> Response {
    ([(CONTENT_TYPE, "application/json")], state.document.clone()).into_response()
}
