//! Reading whom a message is for: `to`, `recipient`, `recipientType`.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::fields::{AnyText, Field, Fields, Json, Place};
use crate::model::Destination;

/// `individual` or `group`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecipientType {
    Individual,
    Group,
}

impl Field for RecipientType {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        match value.text() {
            r#""individual""# => Some(Self::Individual),
            r#""group""# => Some(Self::Group),
            _ => place.fault("must be individual or group"),
        }
    }

    fn schema() -> Schema {
        let values = ["individual", "group"];
        Schema::Object(
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).build(),
        )
    }
}

/// Reads the receiver. With both `to` and `recipient`, `to` counts.
pub(super) fn destination(fields: &mut Fields<'_>, groups: bool) -> Option<Destination> {
    let to = fields.optional::<AnyText>("to");
    let recipient = fields.optional::<AnyText>("recipient");
    let kind = if groups { fields.optional("recipientType") } else { Some(None) };
    let present = fields.at_least_one_of(["to", "recipient"]);
    let (to, recipient, kind) = (to?, recipient?, kind?);
    present?;

    let is_group = kind == Some(RecipientType::Group);
    match (to, recipient) {
        (Some(to), _) if is_group => Destination::group(to.as_str()).or_else(|| {
            fields.fault("to", "must be a group id: 1 to 128 letters, digits, or any of . _ @ -")
        }),
        (Some(to), _) => Destination::phone(to.as_str())
            .or_else(|| fields.fault("to", "must have 1 to 20 digits")),
        (None, Some(_)) if is_group => fields.fault("to", "is required"),
        (None, Some(user)) => Destination::user(user.as_str()).or_else(|| {
            let example = "US.13491208655302741918";
            fields
                .fault("recipient", format!("must be a business-scoped user id such as {example}"))
        }),
        (None, None) => None,
    }
}
