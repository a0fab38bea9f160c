//! The one error that leaves the gateway, and the one table that says how.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;

use super::envelope::json_response;
use super::rate_limits::whole_seconds;
use crate::config::UpstreamStatus;
use crate::fields::Violations;
use crate::graph::{Cause, GraphFailure, Outcome};
use crate::limits::Full;
use crate::store::StoreError;

/// Everything that can be said to a caller who does not get what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("Missing API token")]
    MissingToken,
    #[error("Invalid API token")]
    InvalidToken,
    #[error("WhatsApp account not found")]
    NoWhatsAppAccount,
    #[error("Your plan has expired")]
    PlanExpired,
    #[error("API access requires a Premium or Enterprise plan")]
    DeveloperPlanRequired,
    #[error("phoneNumberId is required")]
    PhoneNumberIdRequired,
    #[error("phoneNumberId does not belong to this account")]
    NotYourNumber,
    #[error("Request body is not valid JSON")]
    NotJson,
    #[error("Validation failed")]
    Invalid(Violations),
    #[error("Unsupported message payload.")]
    UnsupportedPayload,
    #[error("{0}")]
    NotFound(&'static str),
    #[error("Method not allowed")]
    MethodNotAllowed,
    #[error("The request body did not arrive in time")]
    BodyTimeout,
    #[error("The request body must be at most {0} bytes")]
    BodyTooLarge(u64),
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("The request body broke off")]
    BodyBroken,
    #[error(transparent)]
    Graph(Box<GraphFailure>),
    /// Like [`ApiError::Graph`], for an upload: a plain refusal keeps Graph's own status.
    #[error(transparent)]
    Upload(Box<GraphFailure>),
    #[error("Failed to download media")]
    MediaDownload(&'static str),
    #[error("The handshake is refused")]
    HandshakeRefused,
    #[error("The signature is missing or wrong")]
    BadSignature,
    #[error("The post is not stored; send it again")]
    NotStored,
    #[error("A request with this Idempotency-Key is still running")]
    KeyInProgress,
    #[error("This Idempotency-Key was used for another request")]
    KeyReused,
    #[error("{limited}")]
    RateLimited { limited: &'static str, wait: Duration },
    #[error("The service is busy; try again")]
    Overloaded,
    #[error("The gateway is stopping; try again")]
    CutOff,
    #[error("Not ready: {0}")]
    NotReady(&'static str),
    #[error("The service is not available now; try again")]
    Unavailable(#[source] StoreError),
    #[error("Internal server error")]
    Store(#[source] StoreError),
    #[error("Internal server error")]
    Internal(&'static str),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error),
            // Deleted a moment ago, while its token was still remembered.
            StoreError::NoAccount => Self::InvalidToken,
            _ => Self::Store(error),
        }
    }
}

impl From<GraphFailure> for ApiError {
    fn from(failure: GraphFailure) -> Self {
        Self::Graph(Box::new(failure))
    }
}

impl From<Full> for ApiError {
    fn from(_: Full) -> Self {
        Self::Overloaded
    }
}

impl From<Violations> for ApiError {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl ApiError {
    pub const ROUTE_NOT_FOUND: Self = Self::NotFound("Route not found");
    pub const TEMPLATE_NOT_FOUND: Self = Self::NotFound("Template not found");
    pub const MEDIA_NOT_FOUND: Self = Self::NotFound("Media URL not found");
    pub const FORM_NOT_FOUND: Self = Self::NotFound("Form not found");
    pub const DELIVERY_NOT_FOUND: Self = Self::NotFound("Delivery not found");

    /// The public contract: one line a failure.
    fn answer(&self, style: UpstreamStatus) -> (StatusCode, &'static str) {
        match self {
            Self::MissingToken | Self::InvalidToken => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::NoWhatsAppAccount | Self::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::PlanExpired => (StatusCode::FORBIDDEN, "PLAN_EXPIRED"),
            Self::DeveloperPlanRequired => (StatusCode::FORBIDDEN, "DEVELOPER_PLAN_REQUIRED"),
            Self::BadSignature => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::HandshakeRefused => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotYourNumber => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::PhoneNumberIdRequired
            | Self::NotJson
            | Self::Invalid(_)
            | Self::BodyBroken
            | Self::UnsupportedPayload => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Self::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::KeyInProgress => (StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED"),
            Self::Graph(failure) | Self::Upload(failure) if is_of_breaker(failure) => {
                (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
            }
            Self::Graph(failure) => (upstream_status(failure, style), "INTERNAL_ERROR"),
            Self::Upload(failure) => (upload_status(failure, style), "INTERNAL_ERROR"),
            Self::MediaDownload(_) => (StatusCode::BAD_GATEWAY, "INTERNAL_ERROR"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Overloaded
            | Self::CutOff
            | Self::NotReady(_)
            | Self::NotStored
            | Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
            Self::Store(_) | Self::Internal(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR")
            }
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Graph(failure) | Self::Upload(failure) => failure.retry_after,
            Self::RateLimited { wait, .. } => Some(*wait),
            Self::Overloaded
            | Self::CutOff
            | Self::NotReady(_)
            | Self::NotStored
            | Self::Unavailable(_)
            | Self::KeyInProgress => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// The word for the log line.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Graph(failure) | Self::Upload(failure) => match failure.outcome {
                Outcome::NotSent => "not_sent",
                Outcome::Rejected => "rejected",
                Outcome::Unknown => "unknown",
            },
            _ => "refused",
        }
    }
}

/// The one place where `AVENPING_UPSTREAM_STATUS` counts.
fn upstream_status(failure: &GraphFailure, style: UpstreamStatus) -> StatusCode {
    if style == UpstreamStatus::Compatible {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    match failure.cause {
        Cause::Refused => StatusCode::BAD_REQUEST,
        Cause::UnknownObject => StatusCode::NOT_FOUND,
        Cause::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Cause::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Cause::Credentials | Cause::Broken => StatusCode::BAD_GATEWAY,
        Cause::BreakerOpen => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Graph was not even asked: a refusal of ours, not a failure of Graph's.
fn is_of_breaker(failure: &GraphFailure) -> bool {
    failure.cause == Cause::BreakerOpen
}

/// A caller must never think that their own token is bad: 401 and 403 do not pass.
fn upload_status(failure: &GraphFailure, style: UpstreamStatus) -> StatusCode {
    match failure.upstream_status {
        Some(401 | 403) if style == UpstreamStatus::Mapped => StatusCode::BAD_GATEWAY,
        Some(401 | 403) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(status @ 400..=499) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
        _ => upstream_status(failure, style),
    }
}

#[derive(Serialize)]
struct Failure<'a> {
    success: bool,
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Violations(&'a Violations),
    Upstream(Upstream<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upstream<'a> {
    outcome: Outcome,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RawValue>,
}

/// An error in the words of AvenPing's API v2.
#[derive(Debug)]
pub struct Worded {
    pub status: StatusCode,
    pub body: Vec<u8>,
    /// The word for the log line.
    pub outcome: &'static str,
    headers: HeaderMap,
}

/// Words an error, and writes its cause to the log if it is a 5xx, with the id of the request.
#[must_use]
pub fn word(error: &ApiError, style: UpstreamStatus, request_id: &HeaderValue) -> Worded {
    let (status, code) = error.answer(style);
    log_cause(error, status, request_id.to_str().unwrap_or_default());
    let details = match error {
        ApiError::Invalid(violations) => Some(Details::Violations(violations)),
        ApiError::Graph(failure) | ApiError::Upload(failure) => Some(Details::Upstream(Upstream {
            outcome: failure.outcome,
            retryable: failure.retryable,
            upstream_status: failure.upstream_status,
            error: failure.error.as_ref().map(crate::graph::GraphError::raw),
        })),
        _ => None,
    };
    let failure = Failure { success: false, error: code, message: error.to_string(), details };
    let body = serde_json::to_vec(&failure).unwrap_or_default();
    Worded { status, body, outcome: error.outcome(), headers: headers(error) }
}

impl IntoResponse for Worded {
    fn into_response(self) -> Response {
        let mut response = json_response(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

fn headers(error: &ApiError) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if matches!(error, ApiError::MissingToken | ApiError::InvalidToken) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait).max(1)));
    }
    headers
}

/// A cause is told once, here, where it becomes a 5xx; the caller never sees it.
fn log_cause(error: &ApiError, status: StatusCode, request_id: &str) {
    if !status.is_server_error() {
        return;
    }
    match error {
        // It was told when the breaker opened.
        ApiError::Graph(failure) | ApiError::Upload(failure) if is_of_breaker(failure) => {}
        ApiError::Graph(failure) | ApiError::Upload(failure) => {
            tracing::warn!(
                request_id,
                cause = failure.detail,
                upstream_status = failure.upstream_status,
                meta_code = failure.code(),
                "Graph failed"
            );
        }
        ApiError::MediaDownload(cause) => {
            tracing::warn!(request_id, cause, "a media could not be fetched");
        }
        ApiError::Unavailable(cause) => tracing::warn!(request_id, %cause, "the database is away"),
        ApiError::Store(cause) => tracing::error!(request_id, %cause, "the store failed"),
        ApiError::Internal(cause) => tracing::error!(request_id, cause, "the gateway failed"),
        _ => {}
    }
}

/// The error travels in the answer's extensions to the outermost layer, which knows the settings
/// and words it. Without that layer the answer is a bare 500.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
