//! What callers write of a template: Meta's own shape, looked at and then passed on as it came.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::fields::{AnyArray, AnyText, Field, Fields, FromFields, Json, Place};
use crate::model::is_template_name;

pub(super) const EXAMPLE: &str = r#"{
  "name": "order_delivered",
  "category": "UTILITY",
  "language": "en_US",
  "components": [
    {
      "type": "BODY",
      "text": "Hello {{1}}, your order {{2}} was delivered.",
      "example": { "body_text": [["Pablo", "860198-230332"]] }
    }
  ]
}"#;

pub(super) const CHANGE_EXAMPLE: &str = r#"{
  "components": [{ "type": "BODY", "text": "Your order was delivered. Thank you!" }]
}"#;

pub(super) struct NewTemplate {
    pub(super) name: TemplateName,
}

pub(super) struct TemplateName(pub(super) String);

/// At least one member, whichever.
pub(super) struct TemplateChange;

/// The members of a change whose type is certain.
struct ChangeFields;

impl Field for TemplateName {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = AnyText::read(value, place)?.into_string();
        if is_template_name(&text) {
            return Some(Self(text));
        }
        place.fault("must be 1 to 512 small letters, digits or underscores")
    }

    fn schema() -> Schema {
        let text = ObjectBuilder::new().schema_type(Type::String);
        Schema::Object(text.pattern(Some("^[a-z0-9_]{1,512}$")).build())
    }
}

impl FromFields for NewTemplate {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let category = fields.required::<AnyText>("category");
        let language = fields.required::<AnyText>("language");
        let components = fields.required::<AnyArray>("components");
        category?;
        language?;
        components?;
        name.map(|name| Self { name })
    }
}

impl FromFields for ChangeFields {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let category = fields.optional::<AnyText>("category");
        let components = fields.optional::<AnyArray>("components");
        category?;
        components?;
        Some(Self)
    }
}

impl Field for TemplateChange {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        ChangeFields::read(value, place)?;
        if value.members()?.is_empty() {
            return place.fault("must have at least one member, such as components");
        }
        Some(Self)
    }

    fn schema() -> Schema {
        let mut schema = ChangeFields::schema();
        if let Schema::Object(object) = &mut schema {
            object.min_properties = Some(1);
        }
        schema
    }
}
