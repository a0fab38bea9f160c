//! Errors in Meta's words, for callers who speak Graph's own language.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use super::{ApiError, is_of_breaker};
use crate::fields::Violations;
use crate::graph::{Cause, GraphFailure, Outcome};

/// What Meta says when an object is not there, or is not yours: it does not tell which.
const NO_SUCH_OBJECT: u16 = 33;

#[derive(Serialize)]
struct Failure<'a> {
    error: Words<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_data: Option<ErrorData>,
    fbtrace_id: &'a str,
}

#[derive(Serialize)]
struct ErrorData {
    messaging_product: &'static str,
    details: Cow<'static, str>,
}

/// The status and the body. What Graph itself said passes as it is.
pub(super) fn word(error: &ApiError, request_id: &str) -> (StatusCode, Vec<u8>) {
    if let ApiError::Graph(failure) | ApiError::Upload(failure) = error
        && let Some(reply) = failure.reply.as_ref().filter(|_| may_pass(failure))
    {
        return (reply.status, reply.body.to_vec());
    }
    let (status, code) = answer(error);
    let details = details(error);
    let failure = Failure {
        error: Words {
            message: format!("(#{code}) {error}"),
            kind: "OAuthException",
            code,
            error_subcode: matches!(error, ApiError::NotFound(_)).then_some(NO_SUCH_OBJECT),
            error_data: details.map(|details| ErrorData { messaging_product: "whatsapp", details }),
            fbtrace_id: request_id,
        },
    };
    (status, serde_json::to_vec(&failure).unwrap_or_default())
}

/// That the account's own Meta token is refused is no fault of the caller's token, and must not
/// look like one. A redirect would lead past the gateway.
fn may_pass(failure: &GraphFailure) -> bool {
    let is_of_token = failure.is_of_token() || failure.code() == Some(190);
    !is_of_token && !matches!(failure.upstream_status, Some(300..=399))
}

/// One line a failure.
fn answer(error: &ApiError) -> (StatusCode, u32) {
    use ApiError as E;

    match error {
        E::MissingToken | E::InvalidToken | E::BadSignature => (StatusCode::UNAUTHORIZED, 190),
        E::NoWhatsAppAccount | E::NotYourNumber | E::NotYourAccount | E::HandshakeRefused => {
            (StatusCode::FORBIDDEN, 200)
        }
        E::PlanExpired | E::DeveloperPlanRequired => (StatusCode::FORBIDDEN, 10),
        E::RouteNotFound => (StatusCode::NOT_FOUND, 2500),
        E::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, 2500),
        E::NotFound(_)
        | E::PhoneNumberIdRequired
        | E::NotJson
        | E::Invalid(_)
        | E::BodyBroken
        | E::UnsupportedPayload => (StatusCode::BAD_REQUEST, 100),
        E::TemplateMisfit(faults) if is_about_language(faults) => (StatusCode::NOT_FOUND, 132_001),
        E::TemplateMisfit(_) => (StatusCode::BAD_REQUEST, 132_000),
        E::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, 100),
        E::BodyTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, 100),
        E::UnsupportedMediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 100),
        E::KeyInProgress => (StatusCode::CONFLICT, 100),
        E::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, 100),
        E::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, 130_429),
        E::Overloaded | E::CutOff | E::NotReady(_) | E::NotStored | E::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, 2)
        }
        E::Graph(failure) | E::Upload(failure) if is_of_breaker(failure) => {
            (StatusCode::SERVICE_UNAVAILABLE, 2)
        }
        E::Graph(failure) | E::Upload(failure) if failure.cause == Cause::Throttled => {
            (StatusCode::TOO_MANY_REQUESTS, 130_429)
        }
        E::Graph(failure) | E::Upload(failure) => (upstream_status(failure), 131_000),
        E::MediaDownload(_) => (StatusCode::BAD_GATEWAY, 131_000),
        E::Store(_) | E::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, 131_000),
    }
}

/// Of a failure about which Graph said nothing that could be passed on.
fn upstream_status(failure: &GraphFailure) -> StatusCode {
    match failure.cause {
        _ if failure.is_of_token() => StatusCode::INTERNAL_SERVER_ERROR,
        Cause::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn is_about_language(faults: &Violations) -> bool {
    faults.iter().any(|fault| fault.path == "language")
}

fn details(error: &ApiError) -> Option<Cow<'static, str>> {
    match error {
        ApiError::Invalid(faults) | ApiError::TemplateMisfit(faults) => {
            let told = faults.iter().map(|fault| match fault.path.as_str() {
                "" => fault.message.clone(),
                path => format!("{path}: {}", fault.message),
            });
            Some(told.collect::<Vec<_>>().join("; ").into())
        }
        ApiError::Graph(failure) | ApiError::Upload(failure) => Some(
            match failure.outcome {
                Outcome::NotSent => "outcome: not_sent. Meta took nothing",
                Outcome::Rejected => "outcome: rejected. Meta said no",
                Outcome::Unknown => "outcome: unknown. Meta may have taken it",
            }
            .into(),
        ),
        _ => None,
    }
}
