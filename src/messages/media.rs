//! `send/media`: an image, a video, an audio or a document.

use super::SendRequest;
use super::parts::media_link;
use crate::fields::{AnyText, Fields, FromFields, Text};
use crate::graph::{Content, Link, Media, MediaKind};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "media": {
    "type": "document",
    "link": "https://example.com/invoice.pdf",
    "caption": "Your invoice",
    "filename": "invoice.pdf"
  }
}"#;

pub(super) struct SendMedia(MediaField);

struct MediaField {
    kind: MediaKind,
    link: Link,
    caption: Option<Text<1024>>,
    filename: Option<AnyText>,
}

impl FromFields for MediaField {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required("type");
        let link = media_link(fields);
        let caption = fields.optional("caption");
        let filename = fields.optional("filename");
        Some(Self { kind: kind?, link: link?, caption: caption?, filename: filename? })
    }
}

impl FromFields for SendMedia {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("media").map(Self)
    }
}

impl SendRequest for SendMedia {
    const GROUPS: bool = true;

    fn into_content(self) -> Content {
        let MediaField { kind, link, caption, filename } = self.0;
        // Meta refuses a caption under an audio, and knows file names of documents only.
        let caption = caption.filter(|_| kind != MediaKind::Audio).map(Text::into_string);
        let filename = filename.filter(|_| kind == MediaKind::Document).map(AnyText::into_string);
        Content::Media(kind, Media { link, caption, filename })
    }
}
