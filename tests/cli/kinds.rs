//! Every kind of message with all its fields, from the gateway to the stand-in for Meta, which
//! judges it by Meta's own rules.

use serde_json::{Value, json};

use crate::demo::Demo;
use crate::place::Place;

const TO: &str = "16505551234";
const LINK: &str = "https://shop.example/file";

/// Media of each type, uploaded through the gateway.
struct Media {
    image: String,
    video: String,
    document: String,
    sticker: String,
    voice: String,
}

impl Media {
    fn upload(demo: &Demo) -> Self {
        Self {
            image: demo.upload("image/png"),
            video: demo.upload("video/mp4"),
            document: demo.upload("application/pdf"),
            sticker: demo.upload("image/webp"),
            voice: demo.upload("audio/ogg; codecs=opus"),
        }
    }

    /// A header of each type, by id and by link.
    fn headers(&self) -> Vec<Value> {
        vec![
            json!({ "headerText": "Title" }),
            json!({ "header": { "type": "text", "text": "Title" } }),
            json!({ "header": { "type": "image", "mediaId": self.image } }),
            json!({ "header": { "type": "image", "link": LINK } }),
            json!({ "header": { "type": "video", "mediaId": self.video } }),
            json!({ "header": { "type": "video", "link": LINK } }),
            json!({ "header": {
                "type": "document", "mediaId": self.document, "filename": "invoice.pdf"
            } }),
            json!({ "header": { "type": "document", "link": LINK } }),
        ]
    }
}

/// Sends a body of this kind, and gives the wamid.
#[track_caller]
fn sent(demo: &Demo, kind: &str, own: &Value) -> String {
    let mut body = json!({ "to": TO });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let reply = demo.post(&format!("/v2/messages/send/{kind}"), body);
    assert_eq!(reply.status, 200, "{kind} {own}: {reply:?}");
    reply.body["data"]["messages"][0]["id"].as_str().unwrap().to_owned()
}

fn joined(one: &Value, other: &Value) -> Value {
    let mut both = one.clone();
    both.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    both
}

#[test]
fn the_kinds_that_are_no_interactive_ones_reach_meta() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let media = Media::upload(&demo);
    let contact = json!({
        "addresses": [{ "street": "1 Lucky Shrub Way", "city": "Menlo Park", "state": "CA",
            "zip": "94025", "country": "United States", "country_code": "US", "type": "Office" }],
        "birthday": "1999-01-23",
        "emails": [{ "email": "bjohnson@luckyshrub.com", "type": "Work (old)" }],
        "name": { "formatted_name": "Barbara J. Johnson", "first_name": "Barbara",
            "last_name": "Johnson", "middle_name": "Joana", "suffix": "Esq.", "prefix": "Dr." },
        "org": { "company": "Lucky Shrub", "department": "Legal", "title": "Lead Counsel" },
        "phones": [{ "phone": "+16505559999", "type": "Landline", "wa_id": "19175559999" }],
        "urls": [{ "url": "https://www.luckyshrub.com", "type": "Company" }],
    });
    let first = demo.send(TO);
    let context = json!({ "contextMessageWamid": first });
    let voice = json!({ "media": { "type": "audio", "mediaId": media.voice, "voice": true } });
    let reaction = |emoji: &str| json!({ "reaction": { "messageWamid": first, "emoji": emoji } });
    let bodies = [
        ("sticker", json!({ "sticker": { "mediaId": media.sticker } })),
        ("sticker", joined(&json!({ "sticker": { "link": LINK } }), &context)),
        ("contacts", joined(&json!({ "contacts": [contact, contact] }), &context)),
        ("media", joined(&voice, &context)),
        ("media", json!({ "media": { "type": "document", "link": LINK, "filename": "a.pdf" } })),
        ("reaction", joined(&reaction("👍🏽"), &context)),
        ("reaction", reaction("")),
    ];
    for (kind, own) in &bodies {
        sent(&demo, kind, own);
    }
    let accepted = demo.accepted();
    assert_eq!(accepted.len(), bodies.len() + 1);
    assert_eq!(accepted[3]["contacts"], json!([contact, contact]));
    assert_eq!(accepted[4]["audio"], json!({ "id": media.voice, "voice": true }));
    // A reaction is only ever sent.
    demo.until_status(&sent(&demo, "reaction", &reaction("👀")), "sent");
}

#[test]
fn the_interactive_kinds_reach_meta_with_any_header() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let media = Media::upload(&demo);
    let context = json!({ "contextMessageWamid": demo.send(TO), "footerText": "Footer" });
    let buttons = json!([{ "id": "yes", "title": "Yes" }, { "id": "no", "title": "No" }]);
    let values = json!({ "name": "Ana", "in_pin_code": "400020", "city": "Mumbai" });
    let address = json!({
        "bodyText": "Where?", "country": "IN", "values": values,
        "savedAddresses": [{ "id": "home", "value": values }],
        "validationErrors": { "in_pin_code": "We do not deliver there" },
    });
    let flow = json!({
        "bodyText": "How was it?", "flowCta": "Tell us", "flowId": "594425479261596",
        "mode": "published", "flowToken": "t", "flowAction": "navigate", "screen": "WELCOME",
        "flowData": { "visit": 7 }, "flowMessageVersion": "3",
    });
    let kinds = [
        ("interactive/button", json!({ "bodyText": "Well?", "buttons": buttons })),
        (
            "interactive/cta-url",
            json!({ "bodyText": "Look", "displayText": "Open", "url": "http://shop.example/a" }),
        ),
        ("interactive/flow", flow),
        ("interactive/address", address),
    ];
    let mut count = 1;
    for (kind, own) in &kinds {
        for header in media.headers() {
            sent(&demo, kind, &joined(&joined(own, &header), &context));
            count += 1;
        }
    }
    assert_eq!(demo.accepted().len(), count);
    let last = demo.accepted().pop().unwrap();
    let document = &last["interactive"]["header"]["document"];
    assert_eq!(document, &json!({ "link": LINK }));
}

#[test]
fn the_interactive_kinds_without_a_header_reach_meta() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let media = Media::upload(&demo);
    let context = json!({ "contextMessageWamid": demo.send(TO) });
    let card = |own: Value| {
        joined(
            &json!({
                "header": { "type": "image", "mediaId": media.image }, "bodyText": "One\ntwo\nthree"
            }),
            &own,
        )
    };
    let link = card(json!({ "displayText": "Open", "url": LINK }));
    let replies = json!({
        "header": { "type": "video", "link": LINK },
        "buttons": [{ "id": "x".repeat(256), "title": "Yes" }, { "id": "no", "title": "No" }],
    });
    let exchanged = json!({
        "bodyText": "Book", "flowCta": "Book", "flowName": "book_a_visit",
        "flowAction": "data_exchange",
    });
    let draft = json!({
        "bodyText": "Try", "flowCta": "Try", "flowName": "lead_form", "mode": "draft",
    });
    let bodies = [
        ("interactive/flow", exchanged),
        ("interactive/flow", draft),
        ("interactive/location-request", json!({ "bodyText": "Where?" })),
        ("interactive/media-carousel", json!({ "bodyText": "New", "cards": vec![link; 10] })),
        ("interactive/media-carousel", json!({ "bodyText": "New", "cards": [replies, replies] })),
        ("interactive/call-permission", json!({ "bodyText": "May we call?" })),
        ("interactive/call-permission", json!({})),
        ("interactive/voice-call", json!({ "bodyText": "Call us" })),
        (
            "interactive/voice-call",
            json!({ "bodyText": "Call us", "displayText": "Call", "ttlMinutes": 60, "payload": "p" }),
        ),
        ("interactive/address", json!({ "bodyText": "Where?", "country": "IN" })),
    ];
    for (kind, own) in &bodies {
        sent(&demo, kind, &joined(own, &context));
    }
    assert_eq!(demo.accepted().len(), bodies.len() + 1);
}

#[test]
fn groups_and_hidden_numbers_are_reached() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let user = json!({ "to": null, "recipient": "US.13491208655302741918" });
    let group = json!({ "to": "Y2FwaV9ncm91cDox", "recipientType": "group" });
    let text = json!({ "text": "Hello" });
    let media = json!({ "media": { "type": "image", "link": LINK } });
    sent(&demo, "sticker", &joined(&json!({ "sticker": { "link": LINK } }), &user));
    sent(&demo, "text", &joined(&text, &user));
    sent(&demo, "text", &joined(&text, &group));
    sent(&demo, "media", &joined(&media, &group));
    let reply =
        demo.post("/v2/templates/send", joined(&json!({ "templateName": "hello_world" }), &group));
    assert_eq!(reply.status, 200, "{reply:?}");
    let accepted = demo.accepted();
    assert_eq!(accepted[0]["recipient"], "US.13491208655302741918");
    for payload in &accepted[2..5] {
        assert_eq!(payload["recipient_type"], "group", "{payload}");
        assert_eq!(payload["to"], "Y2FwaV9ncm91cDox");
    }
}

#[test]
fn a_customers_message_is_marked() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let written = place.run(&["sandbox", "inbound", "--data-dir=data", "--text", "Hi"]);
    let wamid = written.assert_code(0).stdout.trim().to_owned();
    for path in ["/v2/messages/read", "/v2/messages/typing"] {
        let reply = demo.post(path, json!({ "messageWamid": wamid }));
        assert_eq!((reply.status, &reply.body["data"]), (200, &json!({ "success": true })));
        let reply = demo.post(path, json!({ "messageWamid": "nothing" }));
        assert_eq!(reply.body["details"]["error"]["code"], 131_009, "{reply:?}");
    }
    assert!(demo.accepted().is_empty());
}
