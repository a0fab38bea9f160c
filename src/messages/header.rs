//! What stands above the body of an interactive message.

use utoipa::openapi::schema::Schema;

use super::parts::{HeaderText, media_link, media_source};
use crate::fields::{AnyText, Fields, FromFields, OneOf, Word, rule};
use crate::graph::{Header, HeaderMedia, MediaKind};

/// `header`: text, or an image, a video or a document.
struct AnyHeader(Header);

/// The kind of media, or none for text.
#[derive(Clone, Copy)]
struct HeaderKind(Option<MediaKind>);

impl Word for HeaderKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("text", Self(None)),
        ("image", Self(Some(MediaKind::Image))),
        ("video", Self(Some(MediaKind::Video))),
        ("document", Self(Some(MediaKind::Document))),
    ];
}

impl FromFields for AnyHeader {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required::<OneOf<HeaderKind>>("type");
        let text = fields.optional::<HeaderText>("text");
        let source = media_source(fields);
        let filename = fields.optional::<AnyText>("filename");
        fields.describe(text_or_media);
        let OneOf(HeaderKind(kind)) = kind?;
        let Some(kind) = kind else {
            let text = text?.or_else(|| fields.fault("text", "is required"))?;
            return Some(Self(Header::Text(text.into_string())));
        };
        let link = source.exactly_one(fields);
        let filename = filename?.filter(|_| kind == MediaKind::Document).map(AnyText::into_string);
        Some(Self(Header::Media(kind, HeaderMedia { link: link?, filename })))
    }
}

/// What each type of header needs beside it.
fn text_or_media() -> Schema {
    let filled = || rule::like(r"^[\s\S]");
    let text = [("type", rule::words(["text"]), true), ("text", filled(), true)];
    let media = |source, other| {
        let kinds = rule::words(["image", "video", "document"]);
        [("type", kinds, true), (source, filled(), true), (other, rule::blank(), false)]
    };
    rule::any_of([
        rule::members(text),
        rule::members(media("mediaId", "link")),
        rule::members(media("link", "mediaId")),
    ])
}

/// `header`, or `headerText` for short.
pub(super) fn header(fields: &mut Fields<'_>) -> Option<Option<Header>> {
    let full = fields.optional::<AnyHeader>("header");
    let text = fields.optional::<HeaderText>("headerText");
    fields.describe(|| {
        let left_out = |name| rule::members([(name, rule::blank(), false)]);
        rule::any_of(["header", "headerText"].map(left_out))
    });
    if fields.has("header") && fields.has("headerText") {
        return fields.fault("headerText", "must not be given beside header");
    }
    let (full, text) = (full?, text?);
    let short = text.map(|text| Header::Text(text.into_string()));
    Some(full.map(|header| header.0).or(short))
}

/// The header of a card: an image or a video.
pub(super) struct CardHeader(pub(super) MediaKind, pub(super) HeaderMedia);

#[derive(Clone, Copy)]
struct CardHeaderKind(MediaKind);

impl Word for CardHeaderKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("image", Self(MediaKind::Image)), ("video", Self(MediaKind::Video))];
}

impl FromFields for CardHeader {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required::<OneOf<CardHeaderKind>>("type");
        let link = media_link(fields);
        let OneOf(CardHeaderKind(kind)) = kind?;
        Some(Self(kind, HeaderMedia { link: link?, filename: None }))
    }
}
