//! `send/text`: plain text, with a link preview if asked for.

use super::SendRequest;
use crate::fields::{Fields, FromFields, Text};
use crate::graph::{Content, TextBody};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "text": "Hello from AvenPing"
}"#;

pub(super) struct SendText {
    text: Text<4096>,
    preview_url: Option<bool>,
}

impl FromFields for SendText {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let text = fields.required("text");
        let preview_url = fields.optional("previewUrl");
        Some(Self { text: text?, preview_url: preview_url? })
    }
}

impl SendRequest for SendText {
    const GROUPS: bool = true;

    fn into_content(self) -> Content {
        Content::Text(TextBody { body: self.text.into_string(), preview_url: self.preview_url })
    }
}
