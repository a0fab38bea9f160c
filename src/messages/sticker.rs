//! `send/sticker`: a sticker.

use super::SendRequest;
use super::parts::media_link;
use crate::fields::{Fields, FromFields};
use crate::graph::{Content, Link};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "sticker": { "link": "https://example.com/hello.webp" }
}"#;

pub(super) struct SendSticker(Sticker);

struct Sticker(Link);

impl FromFields for Sticker {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        media_link(fields).map(Self)
    }
}

impl FromFields for SendSticker {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("sticker").map(Self)
    }
}

impl SendRequest for SendSticker {
    fn into_content(self) -> Content {
        Content::Sticker(self.0.0)
    }
}
