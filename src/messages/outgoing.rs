//! What all kinds of messages have in common.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::SendRequest;
use super::destination::destination;
use super::reference::{context, reference};
use crate::fields::{Field, Fields, FromFields, Json, Place};
use crate::graph::Message;
use crate::model::Destination;

/// A body of one kind, with the fields that every kind has.
pub(super) struct Outgoing<K> {
    to: Destination,
    context: Option<String>,
    reference: Option<String>,
    own: K,
}

/// A message that is ready to go.
#[derive(Debug)]
pub struct Composed {
    pub message: Message,
    /// The caller's own word for it.
    pub reference: Option<String>,
}

/// `phoneNumberId` was proven before the fields are read; here it is only described.
pub(super) struct ProvenElsewhere;

impl Field for ProvenElsewhere {
    fn read(_: Json<'_>, _: &mut Place<'_>) -> Option<Self> {
        Some(Self)
    }

    fn schema() -> Schema {
        let id = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        Schema::Object(id.build())
    }
}

impl<K: SendRequest> FromFields for Outgoing<K> {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.required::<ProvenElsewhere>("phoneNumberId");
        let to = destination(fields, K::GROUPS);
        let own = K::from_fields(fields);
        let context = if K::REPLIES { context(fields) } else { Some(None) };
        let reference = reference(fields);
        number?;
        Some(Self { to: to?, context: context?, reference: reference?, own: own? })
    }
}

impl<K: SendRequest> From<Outgoing<K>> for Composed {
    fn from(outgoing: Outgoing<K>) -> Self {
        let Outgoing { to, context, reference, own } = outgoing;
        Self { message: Message { to, context, content: own.into_content() }, reference }
    }
}
