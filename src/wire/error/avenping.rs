//! Errors in the words of AvenPing's API v2: the public contract.

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{ApiError, is_of_breaker};
use crate::config::UpstreamStatus;
use crate::fields::Violations;
use crate::graph::{Cause, GraphError, GraphFailure, Outcome};

/// The status and the body.
pub(super) fn word(error: &ApiError, style: UpstreamStatus) -> (StatusCode, Vec<u8>) {
    let (status, code) = answer(error, style);
    let details = match error {
        ApiError::Invalid(violations) | ApiError::TemplateMisfit(violations) => {
            Some(Details::Violations(violations))
        }
        ApiError::Graph(failure) | ApiError::Upload(failure) => Some(Details::Upstream(Upstream {
            outcome: failure.outcome,
            retryable: failure.retryable,
            upstream_status: failure.upstream_status,
            error: failure.error.as_ref().map(GraphError::raw),
        })),
        _ => None,
    };
    let failure = Failure { success: false, error: code, message: error.to_string(), details };
    (status, serde_json::to_vec(&failure).unwrap_or_default())
}

/// One line a failure.
fn answer(error: &ApiError, style: UpstreamStatus) -> (StatusCode, &'static str) {
    use ApiError as E;

    match error {
        E::MissingToken | E::InvalidToken | E::BadSignature => {
            (StatusCode::UNAUTHORIZED, "UNAUTHORIZED")
        }
        E::NoWhatsAppAccount | E::RouteNotFound | E::NotFound(_) => {
            (StatusCode::NOT_FOUND, "NOT_FOUND")
        }
        E::PlanExpired => (StatusCode::FORBIDDEN, "PLAN_EXPIRED"),
        E::DeveloperPlanRequired => (StatusCode::FORBIDDEN, "DEVELOPER_PLAN_REQUIRED"),
        E::HandshakeRefused | E::NotYourNumber | E::NotYourAccount => {
            (StatusCode::FORBIDDEN, "FORBIDDEN")
        }
        E::PhoneNumberIdRequired
        | E::NotJson
        | E::Invalid(_)
        | E::TemplateMisfit(_)
        | E::BodyBroken
        | E::UnsupportedPayload => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
        E::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
        E::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
        E::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
        E::UnsupportedMediaType(_) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
        }
        E::KeyInProgress => (StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS"),
        E::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED"),
        E::Graph(failure) | E::Upload(failure) if is_of_breaker(failure) => {
            (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
        }
        E::Graph(failure) => (upstream_status(failure, style), "INTERNAL_ERROR"),
        E::Upload(failure) => (upload_status(failure, style), "INTERNAL_ERROR"),
        E::MediaDownload(_) => (StatusCode::BAD_GATEWAY, "INTERNAL_ERROR"),
        E::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
        E::Overloaded | E::CutOff | E::NotReady(_) | E::NotStored | E::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
        }
        E::Store(_) | E::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
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
