//! The headers of answers.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};

pub(super) const REQUEST_ID: &str = "X-Request-Id";
pub(super) const RETRY_AFTER: &str = "Retry-After";
pub(super) const MESSAGE_ID: &str = "X-Message-Id";
pub(super) const REPLAYED: &str = "Idempotency-Replayed";

pub(super) fn reference(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// What the components have of them.
pub(super) fn all() -> impl Iterator<Item = (String, RefOr<Header>)> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let headers = [
        (REQUEST_ID, "The caller's own id of the request, or one made here", text()),
        (RETRY_AFTER, "Seconds to wait", seconds),
        (MESSAGE_ID, "Our id of the message, for `GET /v2/messages/{id}`", text()),
        (
            REPLAYED,
            "The answer is that of an earlier request with this key",
            text().enum_values(Some(["true"])),
        ),
    ];
    headers.into_iter().map(|(name, about, schema)| {
        let header = HeaderBuilder::new()
            .description(Some(about))
            .schema(Some(Schema::Object(schema.build())));
        (name.to_owned(), RefOr::T(header.build()))
    })
}
