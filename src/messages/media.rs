//! `send/media`: an image, a video, an audio or a document.

use super::SendRequest;
use super::parts::media_link;
use crate::fields::{AnyText, Fields, FromFields, OneOf, Text, Word};
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
    voice: Option<bool>,
}

impl Word for MediaKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("image", Self::Image),
        ("video", Self::Video),
        ("audio", Self::Audio),
        ("document", Self::Document),
    ];
}

impl FromFields for MediaField {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required::<OneOf<MediaKind>>("type");
        let link = media_link(fields);
        let caption = fields.optional("caption");
        let filename = fields.optional("filename");
        let voice = fields.optional("voice");
        let (OneOf(kind), link, caption) = (kind?, link?, caption?);
        Some(Self { kind, link, caption, filename: filename?, voice: voice? })
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
        let MediaField { kind, link, caption, filename, voice } = self.0;
        // Meta refuses a caption under an audio, knows file names of documents only, and a voice
        // message only as an audio.
        let caption = caption.filter(|_| kind != MediaKind::Audio).map(Text::into_string);
        let filename = filename.filter(|_| kind == MediaKind::Document).map(AnyText::into_string);
        let voice = voice.filter(|_| kind == MediaKind::Audio);
        Content::Media(kind, Media { link, caption, filename, voice })
    }
}
