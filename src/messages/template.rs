//! `templates/send` and `templates/{name}/test-send`: a message of an approved template.

use utoipa::openapi::schema::Schema;

use super::SendRequest;
use crate::fields::{AnyArray, AnyText, Field, Fields, Forwarded, FromFields, Json, Place};
use crate::graph::{Content, Template};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "templateName": "order_shipped",
  "language": "en_US",
  "components": [
    {
      "type": "body",
      "parameters": [
        { "type": "text", "text": "Pablo" },
        { "type": "text", "text": "860198-230332" },
        { "type": "text", "text": "12 May" }
      ]
    },
    {
      "type": "button",
      "sub_type": "url",
      "index": "0",
      "parameters": [{ "type": "text", "text": "860198" }]
    }
  ]
}"#;

/// The same without `templateName`: the path has it.
pub(super) const NAMED_EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "language": "en_US"
}"#;

pub struct SendTemplate {
    name: AnyText,
    own: Wording,
}

/// Everything but the name.
pub struct SendNamedTemplate(Wording);

struct Wording {
    language: Option<LanguageCode>,
    components: Option<Forwarded<AnyArray>>,
}

/// Unlike other optional texts, an empty language is a fault: it is never meant.
struct LanguageCode(AnyText);

impl Field for LanguageCode {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        AnyText::read(value, place).map(Self)
    }

    fn schema() -> Schema {
        AnyText::schema()
    }
}

impl FromFields for Wording {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let language = fields.optional("language");
        let components = fields.optional("components");
        Some(Self { language: language?, components: components? })
    }
}

impl FromFields for SendTemplate {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("templateName");
        let own = Wording::from_fields(fields);
        Some(Self { name: name?, own: own? })
    }
}

impl FromFields for SendNamedTemplate {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        Wording::from_fields(fields).map(Self)
    }
}

impl Wording {
    fn of(self, name: String) -> Content {
        let language = self.language.map_or_else(|| "en_US".into(), |code| code.0.into_string());
        Content::Template(Template::new(name, language, self.components.map(Forwarded::into_raw)))
    }
}

impl SendRequest for SendTemplate {
    const GROUPS: bool = true;

    fn into_content(self) -> Content {
        self.own.of(self.name.into_string())
    }
}

impl SendRequest for SendNamedTemplate {
    const GROUPS: bool = true;

    fn into_content(self) -> Content {
        self.0.of(String::new())
    }
}
