//! Addresses on the web.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::fields::{AnyText, Field, Json, Place, nullable};

/// An address that Meta fetches by itself.
pub(super) struct HttpsUrl(pub(super) String);

/// An address that somebody opens.
pub(super) struct WebUrl(pub(super) String);

fn read(value: Json<'_>, place: &mut Place<'_>, schemes: &[&str], rule: &str) -> Option<String> {
    let text = AnyText::read(value, place)?.into_string();
    let parsed = url::Url::parse(&text).ok();
    let fits = parsed.is_some_and(|url| schemes.contains(&url.scheme()) && url.has_host());
    if fits { Some(text) } else { place.fault(rule) }
}

fn described(pattern: &str) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build())
}

impl Field for HttpsUrl {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        read(value, place, &["https"], "must be an https URL").map(Self)
    }

    fn schema() -> Schema {
        described("^[hH][tT][tT][pP][sS]://")
    }

    fn is_blank(value: Json<'_>) -> bool {
        AnyText::is_blank(value)
    }

    fn optional_schema() -> Schema {
        nullable(described("^$|^[hH][tT][tT][pP][sS]://"))
    }
}

impl Field for WebUrl {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        read(value, place, &["http", "https"], "must be an http or https URL").map(Self)
    }

    fn schema() -> Schema {
        described("^[hH][tT][tT][pP][sS]?://")
    }

    fn is_blank(value: Json<'_>) -> bool {
        AnyText::is_blank(value)
    }

    fn optional_schema() -> Schema {
        nullable(described("^$|^[hH][tT][tT][pP][sS]?://"))
    }
}
