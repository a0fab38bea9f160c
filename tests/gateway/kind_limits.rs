//! What is wrong with a body of the kinds that AvenPing has not: the path and the rule.

use serde_json::{Value, json};

use crate::bodies::{fails, passes, valid, with};
use crate::harness::{Gateway, Place, cases};

cases![
    a_sticker_has_exactly_one_of_id_and_link,
    a_reaction_names_a_message_and_has_one_emoji,
    a_contact_has_a_formatted_name_and_another_part,
    a_link_leads_to_a_web_page,
    a_form_is_named_by_its_id_or_its_name,
    a_form_opens_with_a_screen_only_when_it_is_navigated_to,
    an_address_has_metas_shapes,
    cards_are_alike,
    a_card_has_a_picture_and_either_a_link_or_buttons,
    the_words_of_a_card_have_few_lines,
    a_quick_reply_keeps_its_limits,
    a_call_button_lives_for_a_month_at_most,
    all_faults_are_told_at_once,
];

/// The kind's valid body, with these members of its own.
fn body(kind: &str, own: &Value) -> Value {
    let mut body = valid(kind);
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    body
}

async fn a_sticker_has_exactly_one_of_id_and_link(place: Place) {
    let gateway = Gateway::start(&place).await;
    let link = "https://a.example/b.webp";
    let cases = [
        (json!({}), "sticker", "must have mediaId or link"),
        (
            json!({ "mediaId": "m", "link": link }),
            "sticker",
            "must have only one of mediaId and link",
        ),
        (json!({ "link": "http://a.example" }), "sticker.link", "must be an https URL"),
        (json!({ "mediaId": 7 }), "sticker.mediaId", "must be a string"),
        (json!("m"), "sticker", "must be an object"),
        (Value::Null, "sticker", "is required"),
    ];
    for (sticker, path, message) in cases {
        let body = with("sticker", "/sticker", sticker);
        fails(&gateway, "sticker", &body, (path, message)).await;
    }
}

async fn a_reaction_names_a_message_and_has_one_emoji(place: Place) {
    let gateway = Gateway::start(&place).await;
    let one = "must be one emoji, or empty to take the reaction back";
    for (name, value, message) in [
        ("emoji", json!("ok"), one),
        ("emoji", json!("a"), one),
        ("emoji", json!(" "), one),
        ("emoji", json!("😀😀"), one),
        ("emoji", json!("😀 "), one),
        ("emoji", json!(7), "must be a string"),
        ("emoji", Value::Null, "is required"),
        ("messageWamid", json!(""), "must not be empty"),
        ("messageWamid", Value::Null, "is required"),
    ] {
        let body = with("reaction", &format!("/reaction/{name}"), value);
        fails(&gateway, "reaction", &body, (&format!("reaction.{name}"), message)).await;
    }
}

async fn a_contact_has_a_formatted_name_and_another_part(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "contacts";
    let another = "must have at least one of first_name, last_name, middle_name, suffix, prefix";
    let cases = [
        (json!({}), "contacts[0].name", "is required"),
        (json!({ "name": "Ana" }), "contacts[0].name", "must be an object"),
        (
            json!({ "name": { "first_name": "A" } }),
            "contacts[0].name.formatted_name",
            "is required",
        ),
        (
            json!({ "name": { "formatted_name": "", "first_name": "A" } }),
            "contacts[0].name.formatted_name",
            "must not be empty",
        ),
        (json!({ "name": { "formatted_name": "A" } }), "contacts[0].name", another),
        (
            json!({ "name": { "formatted_name": "A", "last_name": "", "prefix": null } }),
            "contacts[0].name",
            another,
        ),
        (
            json!({ "name": { "formatted_name": "A", "suffix": 7 } }),
            "contacts[0].name.suffix",
            "must be a string",
        ),
        (json!("Ana"), "contacts[0]", "must be an object"),
    ];
    for (contact, path, message) in cases {
        fails(&gateway, kind, &with(kind, "/contacts", json!([contact])), (path, message)).await;
    }
    for part in ["first_name", "last_name", "middle_name", "suffix", "prefix"] {
        let contact = json!({ "name": { "formatted_name": "A", part: "B" } });
        passes(&gateway, kind, &with(kind, "/contacts", json!([contact]))).await;
    }
    let lone = format!(
        r#"{{"phoneNumberId":"106540352242922","to":"1","contacts":[{}]}}"#,
        r#"{"name":{"formatted_name":"A","first_name":"B"},"x":"\ud800"}"#
    );
    let answer = gateway.ask("POST", "/v2/messages/send/contacts").json(&lone).send().await;
    answer.faults(&[("contacts", "must be valid Unicode text, nested at most 128 deep")]);
}

async fn a_link_leads_to_a_web_page(place: Place) {
    let gateway = Gateway::start(&place).await;
    let wrong = ["ftp://a.example", "a.example", "tel:+1555", "javascript:alert(1)", "https://"];
    for url in wrong {
        let fault = ("url", "must be an http or https URL");
        let body = with("interactive/cta-url", "/url", url.into());
        fails(&gateway, "interactive/cta-url", &body, fault).await;
        let fault = ("cards[1].url", "must be an http or https URL");
        let body = with("interactive/media-carousel", "/cards/1/url", url.into());
        fails(&gateway, "interactive/media-carousel", &body, fault).await;
    }
    let body = with("interactive/cta-url", "/url", "".into());
    fails(&gateway, "interactive/cta-url", &body, ("url", "must not be empty")).await;
}

async fn a_form_is_named_by_its_id_or_its_name(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "interactive/flow";
    let both = body(kind, &json!({ "flowName": "feedback" }));
    fails(&gateway, kind, &both, ("flowId", "must have only one of flowId and flowName")).await;
    for neither in [json!(""), Value::Null] {
        let body = with(kind, "/flowId", neither);
        fails(&gateway, kind, &body, ("flowId", "must have flowId or flowName")).await;
    }
    let words = [
        ("mode", "must be draft or published"),
        ("flowAction", "must be navigate or data_exchange"),
    ];
    for (name, message) in words {
        for wrong in [json!("DRAFT"), json!("other"), json!(7), json!([])] {
            fails(&gateway, kind, &body(kind, &json!({ name: wrong })), (name, message)).await;
        }
    }
}

async fn a_form_opens_with_a_screen_only_when_it_is_navigated_to(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "interactive/flow";
    let misplaced = "is for the flowAction navigate only";
    for (name, value) in [("screen", json!("S")), ("flowData", json!({ "a": 1 }))] {
        let exchanged = body(kind, &json!({ "flowAction": "data_exchange", name: value }));
        fails(&gateway, kind, &exchanged, (name, misplaced)).await;
        let navigated = body(kind, &json!({ "flowAction": "navigate", name: value }));
        passes(&gateway, kind, &navigated).await;
    }
    for (data, message) in [
        (json!({}), "must not be empty"),
        (json!([]), "must be an object"),
        (json!("x"), "must be an object"),
    ] {
        fails(&gateway, kind, &with(kind, "/flowData", data), ("flowData", message)).await;
    }
}

async fn an_address_has_metas_shapes(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "interactive/address";
    let cases = [
        ("country", json!(""), "country", "must not be empty"),
        ("values", json!([]), "values", "must be an object"),
        ("validationErrors", json!("x"), "validationErrors", "must be an object"),
        ("savedAddresses", json!({}), "savedAddresses", "must be an array"),
        ("savedAddresses", json!([]), "savedAddresses", "must have at least 1 item"),
        ("savedAddresses", json!([{ "value": {} }]), "savedAddresses[0].id", "is required"),
        ("savedAddresses", json!([{ "id": "1" }]), "savedAddresses[0].value", "is required"),
        (
            "savedAddresses",
            json!([{ "id": "1", "value": [] }]),
            "savedAddresses[0].value",
            "must be an object",
        ),
    ];
    for (name, value, path, message) in cases {
        fails(&gateway, kind, &body(kind, &json!({ name: value })), (path, message)).await;
    }
}

const CAROUSEL: &str = "interactive/media-carousel";

fn card(own: &Value) -> Value {
    let mut card = json!({ "header": { "type": "image", "mediaId": "m" } });
    card.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    card
}

fn link() -> Value {
    json!({ "displayText": "Go", "url": "https://a.example" })
}

fn buttons(count: usize) -> Value {
    let button = |nth: usize| json!({ "id": nth.to_string(), "title": nth.to_string() });
    json!({ "buttons": (0..count).map(button).collect::<Vec<_>>() })
}

fn cards(cards: Value) -> Value {
    with(CAROUSEL, "/cards", cards)
}

async fn cards_are_alike(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut video = card(&link());
    video["header"]["type"] = "video".into();
    let headers = ("cards", "must all have headers of the same type");
    fails(&gateway, CAROUSEL, &cards(json!([card(&link()), video])), headers).await;

    let same = ("cards", "must all have buttons of the same kind and number");
    for other in [link(), buttons(1), buttons(3)] {
        let differing = cards(json!([card(&buttons(2)), card(&buttons(2)), card(&other)]));
        fails(&gateway, CAROUSEL, &differing, same).await;
    }
    passes(&gateway, CAROUSEL, &cards(json!([card(&buttons(2)), card(&buttons(2))]))).await;

    video.as_object_mut().unwrap().remove("url");
    video.as_object_mut().unwrap().remove("displayText");
    video["buttons"] = buttons(1)["buttons"].clone();
    let body = cards(json!([card(&link()), video]));
    let answer = gateway.post(&format!("/v2/messages/send/{CAROUSEL}"), &body).send().await;
    answer.faults(&[headers, same]);
}

async fn a_card_has_a_picture_and_either_a_link_or_buttons(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut both = link();
    both["buttons"] = buttons(1)["buttons"].clone();
    let cases = [
        (card(&json!({})), "cards[1]", "must have displayText + url or buttons"),
        (card(&both), "cards[1]", "must have only one of displayText + url and buttons"),
        (card(&json!({ "displayText": "Go" })), "cards[1].url", "is required"),
        (card(&json!({ "url": "https://a.example" })), "cards[1].displayText", "is required"),
        (link(), "cards[1].header", "is required"),
        (
            json!({
                "header": { "type": "image" }, "displayText": "Go", "url": "https://a.example"
            }),
            "cards[1].header",
            "must have mediaId or link",
        ),
    ];
    for (second, path, message) in cases {
        let body = cards(json!([card(&link()), second]));
        fails(&gateway, CAROUSEL, &body, (path, message)).await;
    }
    for wrong in ["document", "text", "audio", ""] {
        let body = with(CAROUSEL, "/cards/1/header/type", wrong.into());
        let fault = ("cards[1].header.type", "must be image or video");
        fails(&gateway, CAROUSEL, &body, fault).await;
    }
}

async fn the_words_of_a_card_have_few_lines(place: Place) {
    let gateway = Gateway::start(&place).await;
    passes(&gateway, CAROUSEL, &with(CAROUSEL, "/cards/1/bodyText", "a\n\nb".into())).await;
    let body = with(CAROUSEL, "/cards/1/bodyText", "a\nb\nc\nd".into());
    let fault = ("cards[1].bodyText", "must have at most 2 line breaks, has 3");
    fails(&gateway, CAROUSEL, &body, fault).await;
}

async fn a_quick_reply_keeps_its_limits(place: Place) {
    let gateway = Gateway::start(&place).await;
    let with_buttons = |buttons: Value| {
        let replies = json!({ "buttons": buttons });
        cards(json!([card(&self::buttons(1)), card(&replies)]))
    };
    let button =
        |id: usize, title: usize| json!([{ "id": "x".repeat(id), "title": "x".repeat(title) }]);
    passes(&gateway, CAROUSEL, &with_buttons(button(256, 20))).await;
    let alike = json!([{ "id": "1", "title": "T" }, { "id": "1", "title": "U" }]);
    let cases = [
        (button(257, 20), "cards[1].buttons[0].id", "must be at most 256 characters, has 257"),
        (button(256, 21), "cards[1].buttons[0].title", "must be at most 20 characters, has 21"),
        (button(0, 1), "cards[1].buttons[0].id", "must not be empty"),
        (json!([]), "cards[1].buttons", "must have at least 1 item"),
        (buttons(4)["buttons"].clone(), "cards[1].buttons", "must have at most 3 items, has 4"),
        (alike, "cards[1].buttons", "must all have different ids and titles"),
    ];
    for (buttons, path, message) in cases {
        fails(&gateway, CAROUSEL, &with_buttons(buttons), (path, message)).await;
    }
}

async fn a_call_button_lives_for_a_month_at_most(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "interactive/voice-call";
    for fine in [1, 43_200] {
        passes(&gateway, kind, &with(kind, "/ttlMinutes", fine.into())).await;
    }
    let fault = ("ttlMinutes", "must be a whole number from 1 to 43200");
    for wrong in [json!(0), json!(43_201), json!(1.5), json!(-1), json!("60"), json!(true)] {
        fails(&gateway, kind, &with(kind, "/ttlMinutes", wrong), fault).await;
    }
}

async fn all_faults_are_told_at_once(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({
        "phoneNumberId": "106540352242922", "to": "nobody", "bodyText": "",
        "header": { "type": "image", "link": "http://a.example" }, "footerText": 7,
        "flowCta": "x".repeat(31), "mode": "x", "flowAction": "data_exchange", "screen": "S",
        "contextMessageWamid": [],
    });
    let answer = gateway.post("/v2/messages/send/interactive/flow", &body).send().await;
    answer.faults(&[
        ("to", "must have 1 to 20 digits"),
        ("header.link", "must be an https URL"),
        ("bodyText", "must not be empty"),
        ("footerText", "must be a string"),
        ("flowCta", "must be at most 30 characters, has 31"),
        ("flowId", "must have flowId or flowName"),
        ("mode", "must be draft or published"),
        ("screen", "is for the flowAction navigate only"),
        ("contextMessageWamid", "must be a string"),
    ]);
    let cards = json!([
        { "header": { "type": "image" }, "displayText": "x".repeat(21), "url": "x" },
        { "header": 7, "bodyText": "a\nb\nc\nd", "buttons": [{ "id": 7 }] },
    ]);
    let body = json!({ "phoneNumberId": "106540352242922", "to": "1", "cards": cards });
    let answer = gateway.post(&format!("/v2/messages/send/{CAROUSEL}"), &body).send().await;
    answer.faults(&[
        ("bodyText", "is required"),
        ("cards[0].header", "must have mediaId or link"),
        ("cards[0].displayText", "must be at most 20 characters, has 21"),
        ("cards[0].url", "must be an http or https URL"),
        ("cards[1].header", "must be an object"),
        ("cards[1].bodyText", "must have at most 2 line breaks, has 3"),
        ("cards[1].buttons[0].id", "must be a string"),
        ("cards[1].buttons[0].title", "is required"),
    ]);
    assert_eq!(gateway.meta.count().await, 0);
}
