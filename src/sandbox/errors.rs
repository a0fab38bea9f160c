//! A refusal, in Meta's shape.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::answer::answer;
use super::codes::{self, Code};

/// What judging a payload comes to: the first fault found, as with Meta.
pub(crate) type Judged<T = ()> = Result<T, GraphError>;

#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    code: Code,
    kind: &'static str,
    message: String,
    details: Option<String>,
    subcode: Option<u32>,
    for_user: Option<Box<(&'static str, String)>>,
}

impl GraphError {
    /// The code's own message, with `details` that say more.
    pub(crate) fn new(code: Code, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..Self::plain(code, code.message()) }
    }

    fn plain(code: Code, message: String) -> Self {
        let kind = "OAuthException";
        Self { code, kind, message, details: None, subcode: None, for_user: None }
    }

    /// The code's number before a message of one's own.
    pub(crate) fn worded(code: Code, message: impl std::fmt::Display) -> Self {
        Self::plain(code, format!("(#{}) {message}", code.number))
    }

    pub(crate) fn missing(path: &str) -> Self {
        Self::new(codes::MISSING, format!("The parameter {path} is required."))
    }

    /// `rule` continues the sentence that the path begins: `must be at most 20 characters`.
    pub(crate) fn invalid(path: &str, rule: impl std::fmt::Display) -> Self {
        Self::new(codes::INVALID, format!("{path} {rule}."))
    }

    /// A value of another JSON type than the one expected.
    pub(crate) fn wrong_type(path: &str, expected: &str) -> Self {
        Self::new(codes::INVALID_PARAMETER, format!("Param {path} must be {expected}."))
    }

    pub(crate) fn unexpected_key(path: &str, key: &str) -> Self {
        let place = if path.is_empty() { "root" } else { path };
        let details = format!("Unexpected key \"{key}\" on param \"{place}\".");
        Self::new(codes::INVALID_PARAMETER, details)
    }

    pub(crate) fn invalid_request(details: impl Into<String>) -> Self {
        Self::new(codes::INVALID_PARAMETER, details)
    }

    pub(crate) fn unknown_field(field: &str, node_type: &str) -> Self {
        let message =
            format!("Tried accessing nonexisting field ({field}) on node type ({node_type})");
        Self::worded(codes::INVALID_PARAMETER, message)
    }

    /// A refusal that Meta words for people, too.
    pub(crate) fn for_user(subcode: u32, title: &'static str, told: String) -> Self {
        let code = codes::INVALID_PARAMETER;
        let plain = Self::plain(code, code.title.to_owned());
        Self { subcode: Some(subcode), for_user: Some(Box::new((title, told))), ..plain }
    }

    /// Whatever is wrong with something that is managed, and not sent, is 100.
    pub(crate) fn of_management(self) -> Self {
        let code = codes::INVALID_PARAMETER;
        Self { code, message: code.message(), ..self }
    }

    /// `method` is get, post or delete.
    pub(crate) fn unknown_object(method: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded \
             due to missing permissions, or does not support this operation. Please read the \
             Graph API documentation at https://developers.facebook.com/docs/graph-api"
        );
        let plain = Self::plain(codes::INVALID_PARAMETER, message);
        Self { kind: "GraphMethodException", subcode: Some(33), ..plain }
    }

    pub(crate) fn unknown_path(path: &str) -> Self {
        Self::plain(codes::UNKNOWN_PATH, format!("Unknown path components: {path}"))
    }

    pub(crate) fn wrong_token() -> Self {
        Self::plain(codes::TOKEN, codes::TOKEN.title.to_owned())
    }
}

/// Graph's error object; what there is nothing to say about is left out.
#[derive(Serialize)]
struct ErrorObject {
    message: String,
    r#type: &'static str,
    code: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_data: Option<ErrorData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_subcode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_user_msg: Option<String>,
    fbtrace_id: String,
}

#[derive(Serialize)]
struct ErrorData {
    messaging_product: &'static str,
    details: String,
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (error_user_title, error_user_msg) = self.for_user.map(|told| *told).unzip();
        let error = ErrorObject {
            message: self.message,
            r#type: self.kind,
            code: self.code.number,
            error_data: self
                .details
                .map(|details| ErrorData { messaging_product: "whatsapp", details }),
            error_subcode: self.subcode,
            error_user_title,
            error_user_msg,
            fbtrace_id: format!("A{}", Uuid::new_v4().simple()),
        };
        answer(status, &json!({ "error": error }))
    }
}
