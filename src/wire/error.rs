//! The one error that leaves the gateway; `avenping` and `metas` have the tables that say how.

mod avenping;
mod metas;

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};

use super::envelope::json_response;
use super::rate_limits::whole_seconds;
use super::{RequestRecord, Style};
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
    /// Where Meta's shape names a WhatsApp Business Account.
    #[error("This WhatsApp Business Account does not belong to this account")]
    NotYourAccount,
    #[error("Request body is not valid JSON")]
    NotJson,
    #[error("Validation failed")]
    Invalid(Violations),
    /// The send does not fit the definition of its template.
    #[error("Validation failed")]
    TemplateMisfit(Violations),
    #[error("Unsupported message payload.")]
    UnsupportedPayload,
    #[error("Route not found")]
    RouteNotFound,
    /// An object that is not there, or is none of the caller's.
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
    /// In Meta's shape: of another, of another type, or not there at all.
    pub const NO_SUCH_OBJECT: Self =
        Self::NotFound("Unsupported request. There is no such object, or it is not yours");
    pub const TEMPLATE_NOT_FOUND: Self = Self::NotFound("Template not found");
    pub const MEDIA_NOT_FOUND: Self = Self::NotFound("Media URL not found");
    pub const FORM_NOT_FOUND: Self = Self::NotFound("Form not found");
    pub const DELIVERY_NOT_FOUND: Self = Self::NotFound("Delivery not found");

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

/// Graph was not even asked: a refusal of ours, not a failure of Graph's.
fn is_of_breaker(failure: &GraphFailure) -> bool {
    failure.cause == Cause::BreakerOpen
}

/// An error in words.
#[derive(Debug)]
pub struct Worded {
    pub status: StatusCode,
    pub body: Vec<u8>,
    /// The word for the log line.
    pub outcome: &'static str,
    headers: HeaderMap,
}

/// Words an error as the request wants it, and writes its cause to the log if it is a 5xx.
#[must_use]
pub fn word(error: &ApiError, record: &RequestRecord) -> Worded {
    let request_id = record.request_id().to_str().unwrap_or_default();
    let (status, body) = match record.style {
        Style::AvenPing(upstream) => avenping::word(error, upstream),
        Style::Meta => metas::word(error, request_id),
    };
    log_cause(error, status, request_id);
    Worded { status, body, outcome: error.outcome(), headers: headers(error, record.style) }
}

impl IntoResponse for Worded {
    fn into_response(self) -> Response {
        let mut response = json_response(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

fn headers(error: &ApiError, style: Style) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let ApiError::Graph(failure) | ApiError::Upload(failure) = error
        && let Some(reply) = &failure.reply
    {
        style.pass_headers(reply, &mut headers);
    }
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
