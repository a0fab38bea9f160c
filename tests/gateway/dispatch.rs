//! `POST /v2/messages/send`: the fields tell the kind.

use serde_json::{Value, json};

use crate::harness::{Gateway, NUMBER, Place, cases};

cases![
    each_row_of_the_table_finds_its_kind,
    an_earlier_row_wins_over_a_later_one,
    a_field_of_the_wrong_type_is_not_present,
    a_body_that_no_row_fits_is_unsupported,
    there_is_no_second_guess_after_a_failed_check,
];

fn body(own: &Value) -> Value {
    let mut body = json!({ "phoneNumberId": NUMBER, "to": "1555" });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    body
}

/// The `type` that went up, and that of the interactive message if it was one.
async fn kind_of(gateway: &Gateway, own: &Value) -> (String, Option<String>) {
    let answer = gateway.post("/v2/messages/send", &body(own)).send().await;
    assert_eq!(answer.status, 200, "{own}: {}", answer.text());
    let went_up = gateway.meta.last_body().await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (text(&went_up["type"]).unwrap(), text(&went_up["interactive"]["type"]))
}

fn product_sections() -> Value {
    json!([{ "title": "T", "product_items": [{ "product_retailer_id": "p" }] }])
}

fn row_sections() -> Value {
    json!([{ "title": "T", "rows": [{ "id": "1", "title": "T" }] }])
}

fn cards() -> Value {
    let card = json!({ "catalogId": "c", "productRetailerId": "p" });
    json!([card, card])
}

fn buttons() -> Value {
    json!([{ "id": "1", "title": "T" }])
}

async fn each_row_of_the_table_finds_its_kind(place: Place) {
    let gateway = Gateway::start(&place).await;
    let rows = [
        (json!({ "text": "Hi" }), "text", None),
        (json!({ "media": { "type": "video", "mediaId": "m" } }), "video", None),
        (json!({ "location": { "latitude": 1, "longitude": 2 } }), "location", None),
        (
            json!({ "bodyText": "B", "catalogId": "c", "productRetailerId": "p" }),
            "interactive",
            Some("product"),
        ),
        (json!({ "bodyText": "B", "cards": cards() }), "interactive", Some("carousel")),
        (
            json!({
                "bodyText": "B", "catalogId": "c", "headerText": "H",
                "sections": product_sections()
            }),
            "interactive",
            Some("product_list"),
        ),
        (json!({ "bodyText": "B", "buttons": buttons() }), "interactive", Some("button")),
        (
            json!({ "bodyText": "B", "buttonText": "Go", "sections": row_sections() }),
            "interactive",
            Some("list"),
        ),
        (
            json!({ "bodyText": "B", "thumbnailProductRetailerId": "p" }),
            "interactive",
            Some("catalog_message"),
        ),
        (json!({ "bodyText": "B", "footerText": "F" }), "interactive", Some("catalog_message")),
    ];
    for (own, kind, interactive) in rows {
        let found = kind_of(&gateway, &own).await;
        assert_eq!((found.0.as_str(), found.1.as_deref()), (kind, interactive), "{own}");
    }
}

async fn an_earlier_row_wins_over_a_later_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    // Everything at once, and then less and less of it from the top.
    let mut own = json!({
        "text": "Hi",
        "media": { "type": "image", "mediaId": "m" },
        "location": { "latitude": 1, "longitude": 2 },
        "bodyText": "B",
        "catalogId": "c",
        "productRetailerId": "p",
        "cards": cards(),
        "sections": product_sections(),
        "headerText": "H",
        "buttons": buttons(),
        "buttonText": "Go",
        "footerText": "F",
        "thumbnailProductRetailerId": "p",
    });
    let steps = [
        ("text", "text", None),
        ("media", "image", None),
        ("location", "location", None),
        ("productRetailerId", "interactive", Some("product")),
        ("cards", "interactive", Some("carousel")),
        ("catalogId", "interactive", Some("product_list")),
        ("buttons", "interactive", Some("button")),
    ];
    for (name, kind, interactive) in steps {
        let found = kind_of(&gateway, &own).await;
        assert_eq!((found.0.as_str(), found.1.as_deref()), (kind, interactive), "{own}");
        own.as_object_mut().unwrap().remove(name);
    }
    own["sections"] = row_sections();
    assert_eq!(kind_of(&gateway, &own).await.1.as_deref(), Some("list"));
    own.as_object_mut().unwrap().remove("buttonText");
    assert_eq!(kind_of(&gateway, &own).await.1.as_deref(), Some("catalog_message"));
}

async fn a_field_of_the_wrong_type_is_not_present(place: Place) {
    let gateway = Gateway::start(&place).await;
    let own = json!({
        "text": 7, "media": "m", "location": [], "cards": {}, "sections": "s", "buttons": null,
        "bodyText": "B", "footerText": "F",
    });
    assert_eq!(kind_of(&gateway, &own).await.1.as_deref(), Some("catalog_message"));
}

async fn a_body_that_no_row_fits_is_unsupported(place: Place) {
    let gateway = Gateway::start(&place).await;
    let bodies = [
        json!({}),
        json!({ "bodyText": "B" }),
        json!({ "bodyText": "B", "catalogId": "c" }),
        json!({ "bodyText": "B", "buttonText": "Go" }),
        json!({ "catalogId": "c", "productRetailerId": "p" }),
        json!({ "bodyText": 5, "cards": cards() }),
        json!({ "footerText": "F", "thumbnailProductRetailerId": "p" }),
        json!({ "text": null, "media": null }),
    ];
    for own in bodies {
        let answer = gateway.post("/v2/messages/send", &body(&own)).send().await;
        answer.refused(400, "VALIDATION_ERROR", "Unsupported message payload.");
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn there_is_no_second_guess_after_a_failed_check(place: Place) {
    let gateway = Gateway::start(&place).await;
    let own = json!({ "text": "", "location": { "latitude": 1, "longitude": 2 } });
    let answer = gateway.post("/v2/messages/send", &body(&own)).send().await;
    answer.faults(&[("text", "must not be empty")]);
    let own = json!({ "bodyText": "B", "catalogId": "c", "sections": row_sections(),
        "buttonText": "Go" });
    let answer = gateway.post("/v2/messages/send", &body(&own)).send().await;
    answer.faults(&[("headerText", "is required"), ("sections[0].product_items", "is required")]);
    assert_eq!(gateway.meta.count().await, 0);
}
