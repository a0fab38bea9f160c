//! The refusals that operations share, and how any of them looks.

use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};

use super::headers::{self, REQUEST_ID, RETRY_AFTER};

/// A refusal with a component of its own.
pub(super) struct Refusal {
    pub(super) status: &'static str,
    pub(super) name: &'static str,
    about: &'static str,
    /// Name, code, message and `details` of what may stand there.
    examples: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

const INVALID: &str = r#"[{"path":"text","message":"is required"}]"#;
const REJECTED: &str = r#"{"outcome":"rejected","retryable":false,"upstreamStatus":400,"error":{"message":"(#131030) Recipient phone number not in allowed list","type":"OAuthException","code":131030,"fbtrace_id":"AJzv2PzTvSTnzKQnGv1"}}"#;
const THROTTLED: &str = r#"{"outcome":"not_sent","retryable":true,"upstreamStatus":429,"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,"fbtrace_id":"AJzv2PzTvSTnzKQnGv1"}}"#;
const UNKNOWN: &str = r#"{"outcome":"unknown","retryable":false}"#;
const BREAKER: &str = r#"{"outcome":"not_sent","retryable":true}"#;

/// What any guarded route may answer.
pub(super) const SHARED: [Refusal; 8] = [
    Refusal {
        status: "400",
        name: "BadRequest",
        about: "VALIDATION_ERROR: `details` lists every fault with its path",
        examples: &[
            ("fields", "VALIDATION_ERROR", "Validation failed", INVALID),
            ("json", "VALIDATION_ERROR", "Request body is not valid JSON", ""),
            ("number", "VALIDATION_ERROR", "phoneNumberId is required", ""),
            ("kind", "VALIDATION_ERROR", "Unsupported message payload.", ""),
        ],
    },
    Refusal {
        status: "401",
        name: "Unauthorized",
        about: "UNAUTHORIZED: no token, or one that is not valid",
        examples: &[
            ("missing", "UNAUTHORIZED", "Missing API token", ""),
            ("invalid", "UNAUTHORIZED", "Invalid API token", ""),
        ],
    },
    Refusal {
        status: "403",
        name: "Forbidden",
        about: "PLAN_EXPIRED, DEVELOPER_PLAN_REQUIRED or FORBIDDEN",
        examples: &[
            ("expired", "PLAN_EXPIRED", "Your plan has expired", ""),
            (
                "plan",
                "DEVELOPER_PLAN_REQUIRED",
                "API access requires a Premium or Enterprise plan",
                "",
            ),
            ("number", "FORBIDDEN", "phoneNumberId does not belong to this account", ""),
        ],
    },
    Refusal {
        status: "404",
        name: "NotFound",
        about: "NOT_FOUND: no such thing, or none of yours",
        examples: &[
            ("account", "NOT_FOUND", "WhatsApp account not found", ""),
            ("template", "NOT_FOUND", "Template not found", ""),
            ("media", "NOT_FOUND", "Media URL not found", ""),
            ("form", "NOT_FOUND", "Form not found", ""),
        ],
    },
    Refusal {
        status: "429",
        name: "RateLimited",
        about: "RATE_LIMITED: too many requests; try again after `Retry-After` seconds",
        examples: &[("account", "RATE_LIMITED", "Too many requests of this account", "")],
    },
    Refusal {
        status: "500",
        name: "GraphFailure",
        about: "INTERNAL_ERROR: Graph failed or refused. `details.outcome` tells what that means: \
                `not_sent` is proof that Graph took nothing, `rejected` that it said no, and with \
                `unknown` it may have been sent",
        examples: &[
            (
                "rejected",
                "INTERNAL_ERROR",
                "(#131030) Recipient phone number not in allowed list",
                REJECTED,
            ),
            ("throttled", "INTERNAL_ERROR", "(#130429) Rate limit hit", THROTTLED),
            ("unknown", "INTERNAL_ERROR", "WhatsApp API request failed", UNKNOWN),
        ],
    },
    Refusal {
        status: "503",
        name: "Unavailable",
        about: "SERVICE_UNAVAILABLE: try again after `Retry-After` seconds; nothing was sent",
        examples: &[
            ("busy", "SERVICE_UNAVAILABLE", "The service is busy; try again", ""),
            ("breaker", "SERVICE_UNAVAILABLE", "WhatsApp API request failed", BREAKER),
        ],
    },
    Refusal {
        status: "default",
        name: "Failure",
        about: "Any other failure, in the same envelope: 405 METHOD_NOT_ALLOWED among them, and \
                400, 404, 429, 502 or 504 INTERNAL_ERROR in place of 500 where the gateway is set \
                to `mapped`",
        examples: &[("method", "METHOD_NOT_ALLOWED", "Method not allowed", "")],
    },
];

/// What a route with a body may answer besides.
pub(super) const OF_BODIES: [Refusal; 3] = [
    Refusal {
        status: "408",
        name: "RequestTimeout",
        about: "REQUEST_TIMEOUT: the body did not arrive in time",
        examples: &[("slow", "REQUEST_TIMEOUT", "The request body did not arrive in time", "")],
    },
    Refusal {
        status: "413",
        name: "PayloadTooLarge",
        about: "PAYLOAD_TOO_LARGE: the body is over the limit",
        examples: &[(
            "large",
            "PAYLOAD_TOO_LARGE",
            "The request body must be at most 2097152 bytes",
            "",
        )],
    },
    Refusal {
        status: "415",
        name: "UnsupportedMediaType",
        about: "UNSUPPORTED_MEDIA_TYPE: not the type this route reads",
        examples: &[(
            "type",
            "UNSUPPORTED_MEDIA_TYPE",
            "The request body must be JSON: send Content-Type: application/json",
            "",
        )],
    },
];

/// What a route that sends may answer besides.
pub(super) const OF_SENDS: [Refusal; 2] = [
    Refusal {
        status: "409",
        name: "KeyInProgress",
        about: "IDEMPOTENCY_IN_PROGRESS: the first request with this key still runs",
        examples: &[(
            "running",
            "IDEMPOTENCY_IN_PROGRESS",
            "A request with this Idempotency-Key is still running",
            "",
        )],
    },
    Refusal {
        status: "422",
        name: "KeyReused",
        about: "IDEMPOTENCY_KEY_REUSED: the key was used for another path or body",
        examples: &[(
            "reused",
            "IDEMPOTENCY_KEY_REUSED",
            "This Idempotency-Key was used for another request",
            "",
        )],
    },
];

impl Refusal {
    pub(super) fn reference(&self) -> RefOr<Response> {
        RefOr::Ref(Ref::from_response_name(self.name))
    }

    pub(super) fn response(&self) -> Response {
        let examples = self.examples.iter().map(|(name, code, message, details)| {
            let mut value = json!({ "success": false, "error": code, "message": message });
            let details = serde_json::from_str::<Value>(details).ok();
            if let (Some(members), Some(details)) = (value.as_object_mut(), details) {
                members.insert("details".to_owned(), details);
            }
            (*name, ExampleBuilder::new().value(Some(value)).build())
        });
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Failure")))
            .examples_from_iter(examples);
        let response = ResponseBuilder::new()
            .description(self.about)
            .content("application/json", content)
            .header_ref(REQUEST_ID, headers::reference(REQUEST_ID));
        // The others have it in some cases only.
        if matches!(self.status, "409" | "429" | "503") {
            return response.header_ref(RETRY_AFTER, headers::reference(RETRY_AFTER)).build();
        }
        response.build()
    }
}

/// Every code that can stand in `error`.
const CODES: [&str; 14] = [
    "UNAUTHORIZED",
    "NOT_FOUND",
    "PLAN_EXPIRED",
    "DEVELOPER_PLAN_REQUIRED",
    "VALIDATION_ERROR",
    "FORBIDDEN",
    "METHOD_NOT_ALLOWED",
    "REQUEST_TIMEOUT",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "IDEMPOTENCY_IN_PROGRESS",
    "IDEMPOTENCY_KEY_REUSED",
    "RATE_LIMITED",
    "SERVICE_UNAVAILABLE",
];

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// `{"success":false,"error":CODE,"message":TEXT,"details":…}`
pub(super) fn failure_schema() -> Schema {
    let about = |about: &str| text().description(Some(about));
    let details = OneOfBuilder::new()
        .item(Ref::from_schema_name("Faults"))
        .item(Ref::from_schema_name("Upstream"))
        .description(Some("Left out when there is nothing to say"));
    let codes = CODES.into_iter().chain(["INTERNAL_ERROR"]);
    let success = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false]));
    let failure = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("success", success)
        .required("success")
        .property("error", about("The code, for programs").enum_values(Some(codes)))
        .required("error")
        .property("message", about("The same in words, for people"))
        .required("message")
        .property("details", Schema::OneOf(details.build()));
    Schema::Object(failure.build())
}

/// All that is wrong with a request.
pub(super) fn faults_schema() -> Schema {
    let fault = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("path", text().description(Some("Where: `sections[1].rows[0].title`")))
        .required("path")
        .property("message", text())
        .required("message");
    Schema::Array(ArrayBuilder::new().items(RefOr::T(Schema::Object(fault.build()))).build())
}

/// What is known of a call to Graph that went wrong.
pub(super) fn upstream_schema() -> Schema {
    let outcome = text().enum_values(Some(["not_sent", "rejected", "unknown"]));
    let status = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("Graph's HTTP status; left out when there was no answer"));
    let error = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Graph's own error object"))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)));
    let upstream = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("outcome", outcome)
        .required("outcome")
        .property("retryable", ObjectBuilder::new().schema_type(Type::Boolean))
        .required("retryable")
        .property("upstreamStatus", status)
        .property("error", error);
    Schema::Object(upstream.build())
}
