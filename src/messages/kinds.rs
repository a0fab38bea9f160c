//! The table of kinds.

use super::{
    Kind, Sign, address, button, call_permission, catalog_message, contacts, cta_url, flow, list,
    location, location_request, media, media_carousel, product, product_carousel, product_list,
    reaction, sticker, text, voice_call,
};
use crate::fields::JsonKind;

const fn string(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::String)
}

const fn object(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::Object)
}

const fn array(name: &'static str) -> Sign {
    Sign::Has(name, JsonKind::Array)
}

/// All kinds; those with signs in the order in which `/send` asks for them. The catalog message
/// comes last of these, so that a list or buttons with a `footerText` stay what they are.
pub static KINDS: [Kind; 19] = [
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
    Kind::apart::<sticker::SendSticker>(
        "/v2/messages/send/sticker",
        "Send a sticker",
        sticker::EXAMPLE,
    ),
    Kind::apart::<reaction::SendReaction>(
        "/v2/messages/send/reaction",
        "React to a message, or take a reaction back",
        reaction::EXAMPLE,
    ),
    Kind::apart::<contacts::SendContacts>(
        "/v2/messages/send/contacts",
        "Send contacts",
        contacts::EXAMPLE,
    ),
    Kind::apart::<cta_url::SendCtaUrl>(
        "/v2/messages/send/interactive/cta-url",
        "Send a button that opens a web page",
        cta_url::EXAMPLE,
    ),
    Kind::apart::<flow::SendFlow>(
        "/v2/messages/send/interactive/flow",
        "Send a button that opens a form",
        flow::EXAMPLE,
    ),
    Kind::apart::<location_request::SendLocationRequest>(
        "/v2/messages/send/interactive/location-request",
        "Ask for a location",
        location_request::EXAMPLE,
    ),
    Kind::apart::<address::SendAddress>(
        "/v2/messages/send/interactive/address",
        "Ask for an address",
        address::EXAMPLE,
    ),
    Kind::apart::<media_carousel::SendMediaCarousel>(
        "/v2/messages/send/interactive/media-carousel",
        "Send images or videos side by side",
        media_carousel::EXAMPLE,
    ),
    Kind::apart::<call_permission::SendCallPermission>(
        "/v2/messages/send/interactive/call-permission",
        "Ask whether you may call",
        call_permission::EXAMPLE,
    ),
    Kind::apart::<voice_call::SendVoiceCall>(
        "/v2/messages/send/interactive/voice-call",
        "Send a button that calls you",
        voice_call::EXAMPLE,
    ),
];
