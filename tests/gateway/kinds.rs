//! What goes to Meta for the kinds that AvenPing has not: the JSON, with the least and with all fields.

use avenping_gateway::messages::KINDS;
use serde_json::{Value, json};

use crate::bodies::valid;
use crate::composing::{all_go_up_as, interactive, message, sent};
use crate::harness::{Gateway, Place, cases};

cases![
    a_sticker_goes_up_by_id_or_by_link,
    a_reaction_goes_up_and_an_empty_one_takes_it_back,
    a_reaction_is_never_an_answer,
    every_other_kind_can_be_an_answer,
    contacts_go_up_exactly_as_they_came,
    a_link_button_goes_up_with_any_header,
    a_form_goes_up_by_id_or_by_name,
    a_location_is_asked_for,
    an_address_is_asked_for_with_what_is_known_of_it,
    cards_with_links_go_up_in_their_order,
    cards_with_buttons_go_up_in_their_order,
    a_call_is_asked_for_with_or_without_words,
    a_call_button_has_parameters_only_if_it_needs_them,
    what_is_left_out_empty_or_null_does_not_go_up,
    send_knows_none_of_these_kinds,
];

async fn a_sticker_goes_up_by_id_or_by_link(place: Place) {
    let link = "https://example.com/a.webp";
    let cases = vec![
        (json!({ "sticker": { "mediaId": "m" } }), message("sticker", json!({ "id": "m" }))),
        (
            json!({ "sticker": { "link": link, "caption": "no" }, "caption": "no" }),
            message("sticker", json!({ "link": link })),
        ),
    ];
    all_go_up_as(place, "sticker", cases).await;
}

async fn a_reaction_goes_up_and_an_empty_one_takes_it_back(place: Place) {
    let cases = ["👍", "❤️", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🇩🇪", ""].map(|emoji| {
        (
            json!({ "reaction": { "messageWamid": "wamid.x", "emoji": emoji } }),
            message("reaction", json!({ "message_id": "wamid.x", "emoji": emoji })),
        )
    });
    all_go_up_as(place, "reaction", cases.into()).await;
}

async fn a_reaction_is_never_an_answer(place: Place) {
    let reaction = json!({ "messageWamid": "wamid.x", "emoji": "👍" });
    let expected = json!({ "message_id": "wamid.x", "emoji": "👍" });
    let cases = [json!("wamid.y"), json!(7)].map(|context| {
        (
            json!({ "reaction": reaction, "contextMessageWamid": context }),
            message("reaction", expected.clone()),
        )
    });
    all_go_up_as(place, "reaction", cases.into()).await;
}

async fn every_other_kind_can_be_an_answer(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut tried = 0;
    for kind in KINDS.iter().map(|kind| kind.name()).filter(|kind| *kind != "reaction") {
        let mut body = valid(kind);
        body["contextMessageWamid"] = "wamid.before".into();
        let went_up = sent(&gateway, kind, body).await;
        assert_eq!(went_up["context"], json!({ "message_id": "wamid.before" }), "{kind}");
        tried += 1;
    }
    assert_eq!(tried, 18);
}

async fn contacts_go_up_exactly_as_they_came(place: Place) {
    let gateway = Gateway::start(&place).await;
    let all = json!([{
        "addresses": [{ "street": "1 Lucky Shrub Way", "city": "Menlo Park", "state": "CA",
            "zip": "94025", "country": "United States", "country_code": "US", "type": "Office" }],
        "birthday": "1999-01-23",
        "emails": [{ "email": "bjohnson@luckyshrub.com", "type": "Work (old)" }],
        "name": { "formatted_name": "Barbara J. Johnson", "first_name": "Barbara",
            "last_name": "Johnson", "middle_name": "Joana", "suffix": "Esq.", "prefix": "Dr." },
        "org": { "company": "Lucky Shrub", "department": "Legal", "title": "Lead Counsel" },
        "phones": [{ "phone": "+16505559999", "type": "Landline", "wa_id": "19175559999" }],
        "urls": [{ "url": "https://www.luckyshrub.com", "type": "Company" }],
        "of_tomorrow": null,
    }, { "name": { "formatted_name": "Ana", "prefix": "Dr." } }]);
    let went_up = sent(&gateway, "contacts", json!({ "contacts": all })).await;
    assert_eq!(went_up, message("contacts", all));

    let odd =
        r#"[ {"x":1.10,"name":{"formatted_name":"\u00e9","first_name":"\/","y": 1E+2 },"x":[]} ]"#;
    let body = format!(r#"{{"phoneNumberId":"106540352242922","to":"1","contacts":{odd}}}"#);
    let answer = gateway.ask("POST", "/v2/messages/send/contacts").json(&body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let request = gateway.meta.asked().await.pop().unwrap();
    let expected = format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"contacts","contacts":{odd}}}"#
    );
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), expected);
}

/// The headers that a message may have, as callers and as Meta write them.
fn headers() -> Vec<(Value, Value)> {
    let link = "https://example.com/x";
    let text = json!({ "type": "text", "text": "H" });
    let mut headers =
        vec![(json!({ "headerText": "H" }), text.clone()), (json!({ "header": text }), text)];
    for kind in ["image", "video", "document"] {
        let given = json!({ "header": { "type": kind, "mediaId": "m", "filename": "f.pdf" } });
        let mut media = json!({ "id": "m" });
        if kind == "document" {
            media["filename"] = "f.pdf".into();
        }
        headers.push((given, json!({ "type": kind, kind: media })));
        let given = json!({ "header": { "type": kind, "link": link } });
        headers.push((given, json!({ "type": kind, kind: { "link": link } })));
    }
    headers
}

/// A body and what must go up for it, once more with each header and a footer.
fn with_headers(own: &Value, expected: &Value) -> Vec<(Value, Value)> {
    let mut cases = vec![(own.clone(), interactive(expected.clone()))];
    for (given, header) in headers() {
        let (mut own, mut expected) = (own.clone(), expected.clone());
        own.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        own["footerText"] = "F".into();
        expected["header"] = header;
        expected["footer"] = json!({ "text": "F" });
        cases.push((own, interactive(expected)));
    }
    cases
}

async fn a_link_button_goes_up_with_any_header(place: Place) {
    for url in ["https://a.example/b?c=d#e", "http://a.example"] {
        let own = json!({ "bodyText": "B", "displayText": "Go", "url": url });
        let parameters = json!({ "display_text": "Go", "url": url });
        let expected = json!({
            "type": "cta_url",
            "body": { "text": "B" },
            "action": { "name": "cta_url", "parameters": parameters },
        });
        let cases = with_headers(&own, &expected);
        all_go_up_as(place.clone(), "interactive/cta-url", cases).await;
    }
}

async fn a_form_goes_up_by_id_or_by_name(place: Place) {
    let form = |parameters: Value| {
        json!({
            "type": "flow",
            "body": { "text": "B" },
            "action": { "name": "flow", "parameters": parameters },
        })
    };
    let least = json!({ "bodyText": "B", "flowCta": "Go", "flowId": "594" });
    let expected = form(json!({ "flow_message_version": "3", "flow_cta": "Go", "flow_id": "594" }));
    let mut cases = with_headers(&least, &expected);
    let all = json!({
        "bodyText": "B", "flowCta": "Go", "flowName": "feedback", "mode": "draft",
        "flowToken": "t", "flowAction": "navigate", "screen": "WELCOME",
        "flowData": { "a": 1.50 }, "flowMessageVersion": "4",
    });
    let expected = form(json!({
        "flow_message_version": "4", "flow_cta": "Go", "flow_name": "feedback", "mode": "draft",
        "flow_token": "t", "flow_action": "navigate",
        "flow_action_payload": { "screen": "WELCOME", "data": { "a": 1.50 } },
    }));
    cases.push((all, interactive(expected)));
    let exchanged = json!({
        "bodyText": "B", "flowCta": "Go", "flowId": "594", "mode": "published",
        "flowAction": "data_exchange", "screen": "", "flowData": null,
    });
    let expected = form(json!({
        "flow_message_version": "3", "flow_cta": "Go", "flow_id": "594", "mode": "published",
        "flow_action": "data_exchange",
    }));
    cases.push((exchanged, interactive(expected)));
    for (own, payload) in [
        (json!({ "screen": "S" }), json!({ "screen": "S" })),
        (json!({ "flowData": { "a": [] } }), json!({ "data": { "a": [] } })),
    ] {
        let mut body = least.clone();
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let expected = form(json!({
            "flow_message_version": "3", "flow_cta": "Go", "flow_id": "594",
            "flow_action_payload": payload,
        }));
        cases.push((body, interactive(expected)));
    }
    all_go_up_as(place, "interactive/flow", cases).await;
}

async fn a_location_is_asked_for(place: Place) {
    let expected = json!({
        "type": "location_request_message",
        "body": { "text": "Where?" },
        "action": { "name": "send_location" },
    });
    let cases = vec![
        (json!({ "bodyText": "Where?" }), interactive(expected.clone())),
        (json!({ "bodyText": "Where?", "footerText": "F" }), interactive(expected)),
    ];
    all_go_up_as(place, "interactive/location-request", cases).await;
}

async fn an_address_is_asked_for_with_what_is_known_of_it(place: Place) {
    let asked = |parameters: Value| {
        json!({
            "type": "address_message",
            "body": { "text": "B" },
            "action": { "name": "address_message", "parameters": parameters },
        })
    };
    let least = json!({ "bodyText": "B", "country": "IN" });
    let mut cases = with_headers(&least, &asked(json!({ "country": "IN" })));
    let values = json!({ "name": "Ana", "in_pin_code": "400020", "of_tomorrow": [1.0] });
    let saved = json!([{ "id": "1", "value": values }, { "id": "2", "value": {} }]);
    let errors = json!({ "in_pin_code": "We do not deliver there" });
    let all = json!({
        "bodyText": "B", "country": "IN", "values": values, "savedAddresses": saved,
        "validationErrors": errors,
    });
    let expected = asked(json!({
        "country": "IN", "values": values, "saved_addresses": saved, "validation_errors": errors,
    }));
    cases.push((all, interactive(expected)));
    all_go_up_as(place, "interactive/address", cases).await;
}

fn carousel(cards: &Value) -> Value {
    interactive(json!({
        "type": "carousel", "body": { "text": "B" }, "action": { "cards": cards },
    }))
}

async fn cards_with_links_go_up_in_their_order(place: Place) {
    let given = |source: &str, value: &str, own: Value| {
        let mut card = json!({
            "header": { "type": "image", source: value, "filename": "no", "text": "no" },
            "displayText": "Go", "url": "http://a.example",
        });
        card.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        card
    };
    let card = |index: usize, media: Value| {
        json!({
            "card_index": index,
            "type": "cta_url",
            "header": { "type": "image", "image": media },
            "action": {
                "name": "cta_url",
                "parameters": { "display_text": "Go", "url": "http://a.example" },
            },
        })
    };
    let link = "https://example.com/x";
    let mut worded = card(1, json!({ "link": link }));
    worded["body"] = json!({ "text": "One\ntwo\nthree" });
    let cases = vec![(
        json!({ "bodyText": "B", "cards": [
            given("mediaId", "m", json!({})),
            given("link", link, json!({ "bodyText": "One\ntwo\nthree" })),
            given("mediaId", "n", json!({ "bodyText": "" })),
        ] }),
        carousel(&json!([card(0, json!({ "id": "m" })), worded, card(2, json!({ "id": "n" }))])),
    )];
    all_go_up_as(place, "interactive/media-carousel", cases).await;
}

async fn cards_with_buttons_go_up_in_their_order(place: Place) {
    let mut cases = Vec::new();
    for count in 1..=3_usize {
        let numbers: Vec<_> = (0..count).map(|nth| nth.to_string()).collect();
        let buttons: Value = numbers.iter().map(|nth| json!({ "id": nth, "title": nth })).collect();
        let replies: Value = numbers
            .iter()
            .map(|nth| json!({ "type": "quick_reply", "quick_reply": { "id": nth, "title": nth } }))
            .collect();
        let given = json!({ "header": { "type": "video", "mediaId": "m" }, "buttons": buttons });
        let card = |index: usize| {
            json!({
                "card_index": index,
                "type": "cta_url",
                "header": { "type": "video", "video": { "id": "m" } },
                "action": { "buttons": replies },
            })
        };
        let own = json!({ "bodyText": "B", "cards": [given, given] });
        cases.push((own, carousel(&json!([card(0), card(1)]))));
    }
    all_go_up_as(place, "interactive/media-carousel", cases).await;
}

async fn a_call_is_asked_for_with_or_without_words(place: Place) {
    let action = json!({ "name": "call_permission_request" });
    let cases = vec![
        (json!({}), interactive(json!({ "type": "call_permission_request", "action": action }))),
        (
            json!({ "bodyText": "B" }),
            interactive(json!({
                "type": "call_permission_request", "body": { "text": "B" }, "action": action,
            })),
        ),
    ];
    all_go_up_as(place, "interactive/call-permission", cases).await;
}

async fn a_call_button_has_parameters_only_if_it_needs_them(place: Place) {
    let call = |action: Value| {
        interactive(json!({ "type": "voice_call", "body": { "text": "B" }, "action": action }))
    };
    let with = |parameters: Value| call(json!({ "name": "voice_call", "parameters": parameters }));
    let cases = vec![
        (json!({ "bodyText": "B" }), call(json!({ "name": "voice_call" }))),
        (
            json!({ "bodyText": "B", "displayText": "Go", "ttlMinutes": 43200, "payload": "p" }),
            with(json!({ "display_text": "Go", "ttl_minutes": 43200, "payload": "p" })),
        ),
        (json!({ "bodyText": "B", "ttlMinutes": 1 }), with(json!({ "ttl_minutes": 1 }))),
        (json!({ "bodyText": "B", "payload": "p" }), with(json!({ "payload": "p" }))),
    ];
    all_go_up_as(place, "interactive/voice-call", cases).await;
}

async fn what_is_left_out_empty_or_null_does_not_go_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    let optional = [
        ("sticker", vec!["/sticker/link"]),
        ("contacts", vec![]),
        ("interactive/cta-url", vec!["/headerText", "/footerText"]),
        (
            "interactive/flow",
            vec![
                "/headerText",
                "/footerText",
                "/flowName",
                "/mode",
                "/flowToken",
                "/flowAction",
                "/screen",
            ],
        ),
        ("interactive/address", vec!["/headerText", "/footerText"]),
        ("interactive/media-carousel", vec!["/cards/0/bodyText", "/cards/0/header/link"]),
        ("interactive/call-permission", vec!["/bodyText"]),
        ("interactive/voice-call", vec!["/displayText", "/payload"]),
    ];
    for blank in [Value::Null, json!("")] {
        for (kind, pointers) in &optional {
            let mut body = valid(kind);
            for pointer in pointers {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[name] = blank.clone();
            }
            let went_up = sent(&gateway, kind, body).await.to_string();
            assert!(!went_up.contains("null") && !went_up.contains(r#""""#), "{kind}: {went_up}");
        }
    }
    for (kind, names) in [
        ("interactive/flow", &["header", "flowData"][..]),
        ("interactive/address", &["header", "values", "savedAddresses", "validationErrors"]),
        ("interactive/voice-call", &["ttlMinutes"]),
    ] {
        let mut body = valid(kind);
        for name in names {
            body[name] = Value::Null;
        }
        let went_up = sent(&gateway, kind, body).await.to_string();
        assert!(!went_up.contains("null"), "{kind}: {went_up}");
    }
}

async fn send_knows_none_of_these_kinds(place: Place) {
    let gateway = Gateway::start(&place).await;
    for kind in [
        "sticker",
        "reaction",
        "contacts",
        "interactive/cta-url",
        "interactive/flow",
        "interactive/location-request",
        "interactive/address",
        "interactive/call-permission",
        "interactive/voice-call",
    ] {
        let answer = gateway.post("/v2/messages/send", &valid(kind)).send().await;
        answer.refused(400, "VALIDATION_ERROR", "Unsupported message payload.");
    }
    // Nor do they change what a documented body means.
    let mut body = valid("text");
    for kind in ["sticker", "reaction", "contacts"] {
        body[kind] = valid(kind)[kind].clone();
    }
    assert_eq!(gateway.post("/v2/messages/send", &body).send().await.status, 200);
    assert_eq!(gateway.meta.last_body().await["type"], "text");
    assert_eq!(gateway.meta.count().await, 1);
}
