//! What the record of a message wants to know of one in Meta's shape. Nothing is judged here:
//! that is for Meta.

use std::borrow::Cow;

use crate::fields::{Json, JsonKind, Members};
use crate::messages::{About, MOST_REFERENCE, SentTemplate};
use crate::model::Destination;

/// The most that is kept of a receiver that is none.
const MOST_RECEIVER: usize = 128;
/// The member that comes back in every status.
const CALLBACK: &str = "biz_opaque_callback_data";

/// A message in Meta's shape, as far as it concerns the gateway.
pub(super) struct Seen {
    pub(super) about: About,
    pub(super) template: Option<Template>,
    /// Whether the caller left the member free that comes back in every status.
    pub(super) traceable: bool,
}

/// A template that is sent.
pub(super) struct Template {
    pub(super) name: String,
    language: String,
    components: Option<String>,
}

impl Template {
    pub(super) fn borrowed(&self) -> SentTemplate<'_> {
        let components = self.components.as_deref();
        SentTemplate { name: &self.name, language: &self.language, components }
    }

    fn of(template: &Members<'_>) -> Option<Self> {
        let language = template.get("language").and_then(Json::members)?;
        let components = template.get("components").filter(|list| list.kind() == JsonKind::Array);
        Some(Self {
            name: text(template, "name")?,
            language: text(&language, "code")?,
            components: components.map(|list| list.text().to_owned()),
        })
    }
}

impl Seen {
    pub(super) fn of(message: &Members<'_>) -> Self {
        let inner = |name: &str| message.get(name).and_then(Json::members);
        let kind = text(message, "type").unwrap_or_else(|| "text".to_owned());
        let interactive = inner("interactive").unwrap_or_default();
        let template = inner("template").filter(|_| kind == "template");
        let callback = message.get(CALLBACK).filter(|value| value.kind() != JsonKind::Null);
        // The caller's own word for the message is what it is found by, as on /v2.
        let reference = text(message, CALLBACK)
            .filter(|word| !word.is_empty() && word.chars().count() <= MOST_REFERENCE);
        let to = receiver(message);
        Self {
            about: About {
                kind: kind_of(&kind, &interactive),
                masked: to.masked(),
                to: to.into_string(),
                reference,
                form: form(&interactive),
            },
            template: template.and_then(|template| Template::of(&template)),
            traceable: callback.is_none(),
        }
    }
}

/// As a message of /v2 is called that says the same.
fn kind_of(kind: &str, interactive: &Members<'_>) -> Cow<'static, str> {
    let name = match kind {
        "text" => "text",
        "image" | "video" | "audio" | "document" => "media",
        "sticker" => "sticker",
        "location" => "location",
        "reaction" => "reaction",
        "contacts" => "contacts",
        "template" => "template",
        "interactive" => return interactive_kind(interactive).into(),
        _ => "other",
    };
    name.into()
}

fn interactive_kind(interactive: &Members<'_>) -> &'static str {
    match text(interactive, "type").as_deref() {
        Some("button") => "interactive/button",
        Some("list") => "interactive/list",
        Some("cta_url") => "interactive/cta-url",
        Some("catalog_message") => "interactive/catalog-message",
        Some("product") => "interactive/product",
        Some("product_list") => "interactive/product-list",
        Some("carousel") if has_products(interactive) => "interactive/product-carousel",
        Some("carousel") => "interactive/media-carousel",
        Some("flow") => "interactive/flow",
        Some("location_request_message") => "interactive/location-request",
        Some("address_message") => "interactive/address",
        Some("call_permission_request") => "interactive/call-permission",
        Some("voice_call") => "interactive/voice-call",
        _ => "interactive/other",
    }
}

fn has_products(interactive: &Members<'_>) -> bool {
    let action = interactive.get("action").and_then(Json::members).unwrap_or_default();
    let cards = action.get("cards").and_then(Json::items).unwrap_or_default();
    let first = cards.first().and_then(|card| card.members()).unwrap_or_default();
    text(&first, "type").as_deref() == Some("product")
}

/// The form that it carries: its id, or its name if it is sent by that.
fn form(interactive: &Members<'_>) -> Option<String> {
    if text(interactive, "type").as_deref() != Some("flow") {
        return None;
    }
    let action = interactive.get("action").and_then(Json::members)?;
    let parameters = action.get("parameters").and_then(Json::members)?;
    text(&parameters, "flow_id").or_else(|| text(&parameters, "flow_name"))
}

/// Whom it is for, in the form that look-ups use. Whether there is such a receiver Meta will say.
fn receiver(message: &Members<'_>) -> Destination {
    let is_group = text(message, "recipient_type").as_deref() == Some("group");
    let unknown = |text: &str| Destination::User(text.chars().take(MOST_RECEIVER).collect());
    match text(message, "to").filter(|to| !to.is_empty()) {
        Some(to) if is_group => Destination::group(&to).unwrap_or_else(|| unknown(&to)),
        Some(to) => Destination::phone(&to).unwrap_or_else(|| unknown(&to)),
        None => unknown(&text(message, "recipient").unwrap_or_default()),
    }
}

/// A string, or a number as it is written: some clients send ids as numbers.
fn text(members: &Members<'_>, name: &str) -> Option<String> {
    let value = members.get(name)?;
    match value.kind() {
        JsonKind::Number => Some(value.text().to_owned()),
        _ => value.as_string()?.ok().map(|text| text.replace('\0', "\u{fffd}")),
    }
}
