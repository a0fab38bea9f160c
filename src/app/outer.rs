//! The outermost layer: a request id, the wording of errors, a net under panics, one log line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::header::{CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Method};

use crate::state::AppState;
use crate::wire::{ApiError, RequestRecord, render};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn outer(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let media = route.as_ref().is_some_and(|route| route.as_str().starts_with("/v2/media"));
    let limit = if media { state.media_limit } else { state.request_limit };
    let record = Arc::new(RequestRecord::start(limit));
    let request_id = request_id(request.headers());
    let method = request.method().clone();
    request.extensions_mut().insert(Arc::clone(&record));

    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| ApiError::Internal("a panic").into_response());
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        let allow = response.headers_mut().remove(http::header::ALLOW);
        let (worded, outcome) = render(&error, state.upstream_status);
        response = worded;
        record.note_outcome(outcome);
        if let Some(allow) = allow {
            response.headers_mut().insert(http::header::ALLOW, allow);
        }
    }
    finish(&mut response, &request_id, &record, &state);
    log(&method, route.as_ref(), &response, &request_id, &record);
    response
}

/// An inbound id is kept if it cannot do harm in a log; else we make one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let inbound = headers
        .get(X_REQUEST_ID)
        .filter(|id| (1..=128).contains(&id.len()) && id.as_bytes().iter().all(allowed));
    let fresh = || {
        let id = uuid::Uuid::now_v7();
        HeaderValue::from_str(id.simple().encode_lower(&mut uuid::Uuid::encode_buffer()))
    };
    let id = inbound.cloned().map_or_else(fresh, Ok);
    id.unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

fn finish(response: &mut Response, id: &HeaderValue, record: &RequestRecord, state: &AppState) {
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.clone());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if record.account.get().is_some() && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if state.stopping.is_cancelled() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn log(
    method: &Method,
    route: Option<&MatchedPath>,
    response: &Response,
    id: &HeaderValue,
    record: &RequestRecord,
) {
    tracing::info!(
        target: "avenping::request",
        method = method.as_str(),
        route = route.map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        micros = record.micros(),
        upstream_micros = record.upstream_micros(),
        account = record.account.get().map(tracing::field::display),
        request_id = id.to_str().unwrap_or_default(),
        outcome = record.outcome.get().copied().unwrap_or("answered"),
        "request"
    );
}
