//! The answers that operations share.

use utoipa::openapi::schema::{ArrayBuilder, Schema};
use utoipa::openapi::{Content, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};

/// The refusals that any guarded route may give, with the component that describes each.
pub(super) const SHARED: [(&str, &str, &str); 8] = [
    ("400", "BadRequest", "VALIDATION_ERROR: `details` lists every fault with its path"),
    ("401", "Unauthorized", "UNAUTHORIZED: no token, or one that is not valid"),
    ("403", "Forbidden", "PLAN_EXPIRED, DEVELOPER_PLAN_REQUIRED or FORBIDDEN"),
    ("404", "NotFound", "NOT_FOUND: no such thing, or none of yours"),
    (
        "429",
        "RateLimited",
        "RATE_LIMITED: too many requests; try again after `Retry-After` seconds",
    ),
    (
        "500",
        "GraphFailure",
        "INTERNAL_ERROR: Graph failed or refused; `details.outcome` tells which",
    ),
    ("503", "Unavailable", "SERVICE_UNAVAILABLE: try again after `Retry-After` seconds"),
    ("default", "Failure", "Any other failure, in the same envelope"),
];

/// The refusals of a route that takes a body.
pub(super) const OF_BODIES: [(&str, &str, &str); 3] = [
    ("408", "RequestTimeout", "REQUEST_TIMEOUT: the body did not arrive in time"),
    ("413", "PayloadTooLarge", "PAYLOAD_TOO_LARGE: the body is over the limit"),
    ("415", "UnsupportedMediaType", "UNSUPPORTED_MEDIA_TYPE: not the type this route reads"),
];

pub(super) fn failure(about: &str) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Failure"));
    let content = Content::new(Some(schema));
    ResponseBuilder::new().description(about).content("application/json", content).build()
}

/// `{"success":false,"error":CODE,"message":TEXT,"details":…}`
pub(super) fn failure_schema() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let upstream = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("outcome", text().enum_values(Some(["not_sent", "rejected", "unknown"])))
        .required("outcome")
        .property("retryable", ObjectBuilder::new().schema_type(Type::Boolean))
        .required("retryable")
        .property("upstreamStatus", ObjectBuilder::new().schema_type(Type::Integer))
        .property("error", ObjectBuilder::new().schema_type(Type::Object));
    let fault = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("path", text())
        .required("path")
        .property("message", text())
        .required("message");
    let details = utoipa::openapi::schema::OneOfBuilder::new()
        .item(Schema::Array(
            ArrayBuilder::new().items(RefOr::T(Schema::Object(fault.build()))).build(),
        ))
        .item(Schema::Object(upstream.build()));
    let failure = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(
            "success",
            ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false])),
        )
        .required("success")
        .property("error", text())
        .required("error")
        .property("message", text())
        .required("message")
        .property("details", Schema::OneOf(details.build()));
    Schema::Object(failure.build())
}

/// `{"success":true,"data":…}`
pub(super) fn success(data: RefOr<Schema>, about: &str) -> Response {
    let envelope = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(
            "success",
            ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])),
        )
        .required("success")
        .property("data", data)
        .required("data");
    bare(RefOr::T(Schema::Object(envelope.build())), about)
}

pub(super) fn bare(schema: RefOr<Schema>, about: &str) -> Response {
    let content = Content::new(Some(schema));
    ResponseBuilder::new().description(about).content("application/json", content).build()
}

pub(super) fn text(content_type: &str, about: &str) -> Response {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let content = Content::new(Some(RefOr::T(Schema::Object(text.build()))));
    ResponseBuilder::new().description(about).content(content_type, content).build()
}
