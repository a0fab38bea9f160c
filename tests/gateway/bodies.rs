//! Valid bodies of each kind, and how one with a fault is answered.

use serde_json::{Value, json};

use crate::harness::{Gateway, NUMBER};

/// A valid body of the kind, to be spoiled.
pub(crate) fn valid(kind: &str) -> Value {
    let own = match kind {
        "text" => json!({ "text": "Hi" }),
        "media" => json!({ "media": { "type": "document", "mediaId": "m" } }),
        "location" => json!({ "location": { "latitude": 1, "longitude": 2 } }),
        "interactive/catalog-message" => json!({ "bodyText": "B" }),
        "interactive/product" => json!({ "catalogId": "c", "productRetailerId": "p" }),
        "interactive/product-list" => json!({
            "catalogId": "c", "headerText": "H", "bodyText": "B",
            "sections": [{ "title": "T", "product_items": [{ "product_retailer_id": "p" }] }],
        }),
        "interactive/product-carousel" => json!({
            "bodyText": "B",
            "cards": [
                { "catalogId": "c", "productRetailerId": "p" },
                { "catalogId": "c", "productRetailerId": "q" },
            ],
        }),
        "interactive/button" => {
            json!({ "bodyText": "B", "buttons": [{ "id": "1", "title": "T" }] })
        }
        "interactive/list" => json!({
            "bodyText": "B", "buttonText": "Go",
            "sections": [{ "title": "T", "rows": [{ "id": "1", "title": "T" }] }],
        }),
        "sticker" => json!({ "sticker": { "mediaId": "m" } }),
        "reaction" => json!({ "reaction": { "messageWamid": "wamid.x", "emoji": "👍" } }),
        "contacts" => json!({
            "contacts": [{ "name": { "formatted_name": "Ana Ruiz", "first_name": "Ana" } }],
        }),
        "interactive/cta-url" => {
            json!({ "bodyText": "B", "displayText": "Go", "url": "https://a.example" })
        }
        "interactive/flow" => json!({ "bodyText": "B", "flowCta": "Go", "flowId": "1" }),
        "interactive/address" => json!({
            "bodyText": "B", "country": "IN", "values": {},
            "savedAddresses": [{ "id": "1", "value": {} }],
        }),
        "interactive/media-carousel" => {
            let card = json!({
                "header": { "type": "image", "mediaId": "m" },
                "displayText": "Go", "url": "https://a.example",
            });
            json!({ "bodyText": "B", "cards": [card, card] })
        }
        "interactive/location-request"
        | "interactive/call-permission"
        | "interactive/voice-call" => json!({ "bodyText": "B" }),
        other => panic!("no kind {other}"),
    };
    let mut body = json!({ "phoneNumberId": NUMBER, "to": "1555" });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    body
}

/// Puts a value at a JSON pointer; the place it is put into is there.
pub(crate) fn with(kind: &str, pointer: &str, value: Value) -> Value {
    let mut body = valid(kind);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

/// `/sections/0/title` as a fault names it.
pub(crate) fn path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.trim_start_matches('/').split('/') {
        match step.parse::<usize>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) if path.is_empty() => path += step,
            Err(_) => path += &format!(".{step}"),
        }
    }
    path
}

pub(crate) async fn passes(gateway: &Gateway, kind: &str, body: &Value) {
    let answer = gateway.post(&format!("/v2/messages/send/{kind}"), body).send().await;
    assert_eq!(answer.status, 200, "{kind} {body}: {}", answer.text());
}

pub(crate) async fn fails(gateway: &Gateway, kind: &str, body: &Value, fault: (&str, &str)) {
    let before = gateway.meta.count().await;
    let answer = gateway.post(&format!("/v2/messages/send/{kind}"), body).send().await;
    answer.faults(&[fault]);
    assert_eq!(gateway.meta.count().await, before);
}
