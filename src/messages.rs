//! Sending messages: one file a kind, one line each in [`KINDS`], one handler for all.

mod address;
mod button;
mod call_permission;
mod catalog_message;
mod contacts;
mod cta_url;
mod destination;
mod dispatch;
mod flow;
mod header;
mod keyed;
mod kinds;
mod list;
mod location;
mod location_request;
mod media;
mod media_carousel;
mod order;
mod outgoing;
mod parts;
mod product;
mod product_carousel;
mod product_list;
mod reaction;
mod read;
mod reference;
mod replies;
mod routes;
mod send;
mod sticker;
mod template;
mod template_check;
mod text;
mod voice_call;
mod web_address;

use utoipa::openapi::schema::Schema;

pub use dispatch::dispatch;
pub use kinds::KINDS;
pub use order::{About, Once, Order, Payload};
pub use reference::MOST_REFERENCE;
pub use routes::routes;
pub use template::{SendNamedTemplate, SendTemplate};
pub use template_check::{SentTemplate, check as check_template};

use crate::fields::{Field, FromFields, JsonKind, Members, Violations, read_body};
use crate::graph::Content;
use outgoing::{Composed, Outgoing};

/// What one kind of message reads beyond the fields that all have in common.
pub trait SendRequest: FromFields {
    /// Whether it can go to a group.
    const GROUPS: bool = false;
    /// Whether it can answer another message.
    const REPLIES: bool = true;

    fn into_content(self) -> Content;
}

/// A kind of message: where it is sent to, how its body is read, how `/send` knows it.
pub struct Kind {
    pub path: &'static str,
    pub summary: &'static str,
    /// The members that tell this kind from the others on `/send`; none if it is not sent there.
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
    /// A kind that has a path of its own and is known on `/send`, too.
    const fn of<K: SendRequest>(
        path: &'static str,
        summary: &'static str,
        signs: &'static [Sign],
        example: &'static str,
    ) -> Self {
        let compose = |body: &Members<'_>| read_body::<Outgoing<K>>(body).map(Composed::from);
        Self { path, summary, signs, compose, schema: <Outgoing<K> as Field>::schema, example }
    }

    /// A kind that has its own path alone.
    const fn apart<K: SendRequest>(
        path: &'static str,
        summary: &'static str,
        example: &'static str,
    ) -> Self {
        Self::of::<K>(path, summary, &[], example)
    }

    /// Whether `/send` knows it.
    fn is_on_send(&self) -> bool {
        !self.signs.is_empty()
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
        let mut on_send = KINDS.iter().filter(|kind| kind.is_on_send());
        on_send.find(|kind| kind.signs.iter().all(|sign| sign.is_on(body)))
    }
}

#[cfg(test)]
mod tests;
