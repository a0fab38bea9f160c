//! Pieces that several kinds are made of.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::fields::{AnyText, Field, Fields, FromFields, Json, Place, Text};
use crate::graph::{Header, HeaderMedia, Link, MediaKind, TextPart};

pub(super) type BodyText = Text<1024>;
pub(super) type FooterText = Text<60>;
pub(super) type HeaderText = Text<60>;

pub(super) fn text_part<const MAX: usize>(text: Text<MAX>) -> TextPart {
    TextPart::new(text.into_string())
}

/// An address that Meta fetches by itself.
pub(super) struct HttpsUrl(String);

impl Field for HttpsUrl {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = AnyText::read(value, place)?.into_string();
        let parsed = url::Url::parse(&text).ok();
        if parsed.is_some_and(|url| url.scheme() == "https" && url.has_host()) {
            return Some(Self(text));
        }
        place.fault("must be an https URL")
    }

    fn schema() -> Schema {
        let url = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[hH][tT][tT][pP][sS]://"));
        Schema::Object(url.build())
    }

    fn is_blank(value: Json<'_>) -> bool {
        AnyText::is_blank(value)
    }

    fn optional_schema() -> Schema {
        let url = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^$|^[hH][tT][tT][pP][sS]://"));
        crate::fields::nullable(Schema::Object(url.build()))
    }
}

/// `mediaId` or `link`, exactly one.
pub(super) fn media_link(fields: &mut Fields<'_>) -> Option<Link> {
    let id = fields.optional::<AnyText>("mediaId");
    let link = fields.optional::<HttpsUrl>("link");
    let one = fields.exactly_one_of(["mediaId", "link"]);
    let (id, link) = (id?, link?);
    one?;
    match (id, link) {
        (Some(id), _) => Some(Link::Id(id.into_string())),
        (None, Some(link)) => Some(Link::Link(link.0)),
        (None, None) => None,
    }
}

/// One of a few kinds of media, by name.
impl Field for MediaKind {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let name = value.as_string().and_then(Result::ok);
        let kind = Self::ALL.into_iter().find(|kind| name.as_deref() == Some(kind.name()));
        kind.or_else(|| place.fault("must be image, video, audio or document"))
    }

    fn schema() -> Schema {
        let names = Self::ALL.map(Self::name);
        Schema::Object(
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build(),
        )
    }
}

/// `header`: text, or an image, a video or a document.
struct AnyHeader(Header);

impl FromFields for AnyHeader {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required::<HeaderKind>("type");
        let text = fields.optional::<HeaderText>("text");
        let id = fields.optional::<AnyText>("mediaId");
        let link = fields.optional::<HttpsUrl>("link");
        let filename = fields.optional::<AnyText>("filename");
        let (kind, text, id, link, filename) = (kind?, text?, id?, link?, filename?);
        let HeaderKind(Some(kind)) = kind else {
            let text = text.or_else(|| fields.fault("text", "is required"))?;
            return Some(Self(Header::Text(text.into_string())));
        };
        fields.exactly_one_of(["mediaId", "link"])?;
        let link = match (id, link) {
            (Some(id), _) => Link::Id(id.into_string()),
            (None, link) => Link::Link(link?.0),
        };
        let filename = filename.filter(|_| kind == MediaKind::Document).map(AnyText::into_string);
        Some(Self(Header::Media(kind, HeaderMedia { link, filename })))
    }
}

/// The kind of media, or none for text.
struct HeaderKind(Option<MediaKind>);

impl Field for HeaderKind {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        match value.text() {
            r#""text""# => Some(Self(None)),
            r#""image""# => Some(Self(Some(MediaKind::Image))),
            r#""video""# => Some(Self(Some(MediaKind::Video))),
            r#""document""# => Some(Self(Some(MediaKind::Document))),
            _ => place.fault("must be text, image, video or document"),
        }
    }

    fn schema() -> Schema {
        let names = ["text", "image", "video", "document"];
        Schema::Object(
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build(),
        )
    }
}

/// `header`, or `headerText` for short; `header` counts if both are there.
pub(super) fn header(fields: &mut Fields<'_>) -> Option<Option<Header>> {
    let full = fields.optional::<AnyHeader>("header");
    let text = fields.optional::<HeaderText>("headerText");
    let (full, text) = (full?, text?);
    let short = text.map(|text| Header::Text(text.into_string()));
    Some(full.map(|header| header.0).or(short))
}

/// `footerText`.
pub(super) fn footer(fields: &mut Fields<'_>) -> Option<Option<TextPart>> {
    Some(fields.optional::<FooterText>("footerText")?.map(text_part))
}
