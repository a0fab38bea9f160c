//! JSON out, and JSON in, as Graph speaks it.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::errors::{GraphError, Judged};

/// Far above any payload that Meta documents.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub(crate) fn answer(status: StatusCode, body: &Value) -> Response {
    let content_type = [(CONTENT_TYPE, "application/json; charset=UTF-8")];
    (status, content_type, body.to_string()).into_response()
}

pub(crate) fn ok(body: &Value) -> Response {
    answer(StatusCode::OK, body)
}

pub(crate) fn success() -> Response {
    ok(&json!({ "success": true }))
}

pub(crate) async fn read_json(request: Request) -> Judged<Value> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|text| text.split(';').next()).unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(GraphError::invalid_request("Content-Type must be application/json."));
    }
    let bytes = to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| GraphError::invalid_request("The body is too large, or ended early."))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        GraphError::invalid_request(format!("The body is not valid JSON: {error}."))
    })
}
