//! `GET /docs`: the OpenAPI document as a page, to read and to try out. All of it is in the program.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use utoipa_swagger_ui::{Config, serve};

use crate::access::Guard;
use crate::openapi::{Answer, Route};
use crate::state::AppState;
use crate::wire::{ApiError, TextPath};

pub(super) const PAGE: &str = "/docs";

/// Nothing from elsewhere, and nobody's frame. The page sets styles as it runs, and has its icons
/// as `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: blob:; connect-src 'self'; base-uri 'self'; \
                      form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Vec<Route> {
    let public = |path, handler| {
        Route::get(path, handler, Answer::Html)
            .about("Service", "This document as a page")
            .guarded(Guard::Public)
    };
    vec![public(PAGE, get(page)), public("/docs/{file}", get(file))]
}

async fn page(State(state): State<AppState>) -> Result<Response, ApiError> {
    part("index.html", &state)
}

async fn file(
    TextPath(name): TextPath,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    part(name.as_deref().unwrap_or_default(), &state)
}

fn part(name: &str, state: &AppState) -> Result<Response, ApiError> {
    // What stands before our paths when a proxy has us below one.
    let root = state.public_url.path().trim_end_matches('/');
    let config = Config::new([format!("{root}/v2/openapi.json")])
        .validator_url("none")
        .display_operation_id(true)
        .use_base_layout()
        .doc_expansion("list");
    let found = serve(name, Arc::new(config));
    let file = found.map_err(|_| ApiError::Internal("the API page cannot be made"))?;
    let file = file.ok_or(ApiError::RouteNotFound)?;
    let mut bytes = file.bytes.into_owned();
    if name == "index.html" {
        // With or without a slash at the end, its parts are in the same place.
        let base = format!("<head>\n    <base href=\"{root}{PAGE}/\" />");
        bytes = String::from_utf8_lossy(&bytes).replacen("<head>", &base, 1).into_bytes();
    }
    let headers = [
        (CONTENT_TYPE, file.content_type.as_str()),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, bytes).into_response())
}
