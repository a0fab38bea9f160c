//! Pieces that several kinds are made of.

use super::web_address::HttpsUrl;
use crate::fields::{AnyText, Fields, Text};
use crate::graph::{Link, TextPart};

pub(super) type BodyText = Text<1024>;
pub(super) type FooterText = Text<60>;
pub(super) type HeaderText = Text<60>;
/// What stands on a button.
pub(super) type Label = Text<20>;

pub(super) fn text_part<const MAX: usize>(text: Text<MAX>) -> TextPart {
    TextPart::new(text.into_string())
}

/// `footerText`.
pub(super) fn footer(fields: &mut Fields<'_>) -> Option<Option<TextPart>> {
    Some(fields.optional::<FooterText>("footerText")?.map(text_part))
}

/// `mediaId` and `link`, as far as they are there.
pub(super) struct MediaSource {
    id: Option<Option<AnyText>>,
    link: Option<Option<HttpsUrl>>,
}

pub(super) fn media_source(fields: &mut Fields<'_>) -> MediaSource {
    MediaSource { id: fields.optional("mediaId"), link: fields.optional("link") }
}

impl MediaSource {
    pub(super) fn exactly_one(self, fields: &mut Fields<'_>) -> Option<Link> {
        let one = fields.exactly_one_of([&["mediaId"], &["link"]]);
        let (id, link) = (self.id?, self.link?);
        one?;
        match (id, link) {
            (Some(id), _) => Some(Link::Id(id.into_string())),
            (None, Some(link)) => Some(Link::Link(link.0)),
            (None, None) => None,
        }
    }
}

/// `mediaId` or `link`, exactly one.
pub(super) fn media_link(fields: &mut Fields<'_>) -> Option<Link> {
    media_source(fields).exactly_one(fields)
}
