//! The envelope of success: `{"success":true,"data":…}`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use super::ApiError;

const HEAD: &[u8] = br#"{"success":true,"data":"#;

/// A success whose data is ours to write.
#[derive(Debug)]
pub struct Reply<T>(pub T);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(data) => data_of(&data),
            Err(_) => ApiError::Internal("an answer has no JSON form").into_response(),
        }
    }
}

/// A success whose data is JSON already: wrapped as bytes, never parsed and printed again.
#[must_use]
pub fn data_of(json: &[u8]) -> Response {
    json_response(enveloped(json))
}

/// The body of [`data_of`].
#[must_use]
pub fn enveloped(json: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(HEAD.len() + json.len() + 1);
    body.extend_from_slice(HEAD);
    body.extend_from_slice(json.trim_ascii());
    body.push(b'}');
    body
}

/// Answers 200 with a body that is JSON.
#[must_use]
pub fn json_response(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(Bytes::from(body)));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
