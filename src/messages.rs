//! Sending messages: one file a kind, one line each in [`KINDS`], one handler for all.

mod button;
mod catalog_message;
mod destination;
mod dispatch;
mod keyed;
mod list;
mod location;
mod media;
mod outgoing;
mod parts;
mod product;
mod product_carousel;
mod product_list;
mod reference;
mod routes;
mod send;
mod template;
mod text;

use utoipa::openapi::schema::Schema;

pub use routes::routes;
pub use template::{SendNamedTemplate, SendTemplate};

use crate::fields::{Field, FromFields, JsonKind, Members, Violations, read_body};
use crate::graph::Content;
use outgoing::{Composed, Outgoing};

/// What one kind of message reads beyond the fields that all have in common.
pub trait SendRequest: FromFields {
    /// Whether it can go to a group.
    const GROUPS: bool = false;

    fn into_content(self) -> Content;
}

/// A kind of message: where it is sent to, how its body is read, how `/send` knows it.
pub struct Kind {
    pub path: &'static str,
    pub summary: &'static str,
    /// The members that tell this kind from the others on `/send`.
    signs: &'static [Sign],
    compose: fn(&Members<'_>) -> Result<Composed, Violations>,
    schema: fn() -> Schema,
    /// A body as it stands in the documentation.
    pub example: &'static str,
}

/// A member that is present as a certain JSON type, or one of two.
#[derive(Clone, Copy)]
enum Sign {
    Has(&'static str, JsonKind),
    HasOneOf(&'static str, &'static str),
}

impl Sign {
    fn is_on(self, body: &Members<'_>) -> bool {
        match self {
            Self::Has(name, kind) => body.is(name, kind),
            Self::HasOneOf(first, second) => {
                body.is(first, JsonKind::String) || body.is(second, JsonKind::String)
            }
        }
    }
}

impl Kind {
    const fn of<K: SendRequest>(
        path: &'static str,
        summary: &'static str,
        signs: &'static [Sign],
        example: &'static str,
    ) -> Self {
        let compose = |body: &Members<'_>| read_body::<Outgoing<K>>(body).map(Composed::from);
        Self { path, summary, signs, compose, schema: <Outgoing<K> as Field>::schema, example }
    }

    /// What the record of a message calls it: `text`, `interactive/list`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.strip_prefix("/v2/messages/send/").unwrap_or(self.path)
    }

    /// Reads a body as this kind.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn compose(&self, body: &Members<'_>) -> Result<Composed, Violations> {
        (self.compose)(body)
    }

    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// The kind that a body of `/send` is meant as: the first whose signs are all there. Whether
    /// the body is a valid one of that kind is found out afterwards; there is no second guess.
    #[must_use]
    pub fn recognise(body: &Members<'_>) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.signs.iter().all(|sign| sign.is_on(body)))
    }
}

const fn string(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::String)
}

const fn object(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::Object)
}

const fn array(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::Array)
}

/// All kinds, in the order in which `/send` asks for them. The catalog message comes last, so
/// that a list or buttons with a `footerText` stay what they are.
pub static KINDS: [Kind; 9] = [
    Kind::of::<text::SendText>(
        "/v2/messages/send/text",
        "Send a text",
        &[string("text")],
        text::EXAMPLE,
    ),
    Kind::of::<media::SendMedia>(
        "/v2/messages/send/media",
        "Send an image, a video, an audio or a document",
        &[object("media")],
        media::EXAMPLE,
    ),
    Kind::of::<location::SendLocation>(
        "/v2/messages/send/location",
        "Send a location",
        &[object("location")],
        location::EXAMPLE,
    ),
    Kind::of::<product::SendProduct>(
        "/v2/messages/send/interactive/product",
        "Send one product of a catalog",
        &[string("bodyText"), string("catalogId"), string("productRetailerId")],
        product::EXAMPLE,
    ),
    Kind::of::<product_carousel::SendProductCarousel>(
        "/v2/messages/send/interactive/product-carousel",
        "Send products side by side",
        &[string("bodyText"), array("cards")],
        product_carousel::EXAMPLE,
    ),
    Kind::of::<product_list::SendProductList>(
        "/v2/messages/send/interactive/product-list",
        "Send a list of products",
        &[string("bodyText"), string("catalogId"), array("sections")],
        product_list::EXAMPLE,
    ),
    Kind::of::<button::SendButtons>(
        "/v2/messages/send/interactive/button",
        "Send up to three reply buttons",
        &[string("bodyText"), array("buttons")],
        button::EXAMPLE,
    ),
    Kind::of::<list::SendList>(
        "/v2/messages/send/interactive/list",
        "Send a list to choose from",
        &[string("bodyText"), string("buttonText"), array("sections")],
        list::EXAMPLE,
    ),
    Kind::of::<catalog_message::SendCatalogMessage>(
        "/v2/messages/send/interactive/catalog-message",
        "Send the whole catalog",
        &[string("bodyText"), Sign::HasOneOf("thumbnailProductRetailerId", "footerText")],
        catalog_message::EXAMPLE,
    ),
];

#[cfg(test)]
mod tests;
