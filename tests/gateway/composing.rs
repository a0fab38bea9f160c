//! What goes to Meta for each kind of message: the request line, the headers, the JSON.

use serde_json::{Value, json};

use crate::harness::{ACCEPTED, Gateway, META_TOKEN, NUMBER, Place, cases};

cases![
    a_message_goes_up_as_one_request_with_the_meta_token_and_nothing_of_the_callers,
    the_answer_of_graph_comes_back_byte_for_byte,
    a_text_goes_up_with_its_preview_only_if_asked,
    a_media_goes_up_by_id_or_by_link_with_what_its_type_may_have,
    coordinates_go_up_in_the_json_type_and_with_the_digits_they_came_in,
    a_catalog_message_has_parameters_only_with_a_thumbnail,
    a_product_goes_up_with_or_without_words,
    a_product_list_goes_up_with_its_sections,
    a_product_carousel_counts_its_cards,
    buttons_go_up_with_any_header,
    a_list_goes_up_with_its_rows,
    what_is_left_out_empty_or_null_does_not_go_up,
    unknown_members_are_never_forwarded,
    of_a_repeated_key_the_last_one_counts,
    text_goes_up_as_it_is_neither_trimmed_nor_normalised,
];

/// Sends a body of this kind, and gives what went up for it.
pub(crate) async fn sent(gateway: &Gateway, kind: &str, own: Value) -> Value {
    let mut body = json!({ "phoneNumberId": NUMBER, "to": "15551234567" });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let before = gateway.meta.count().await;
    let answer = gateway.post(&format!("/v2/messages/send/{kind}"), &body).send().await;
    assert_eq!(answer.status, 200, "{kind} {body}: {}", answer.text());
    assert_eq!(gateway.meta.count().await, before + 1);
    gateway.meta.last_body().await
}

pub(crate) fn message(kind: &str, content: Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "15551234567",
        "type": kind,
        kind: content,
    })
}

/// Each body, with what must go up for it.
pub(crate) async fn all_go_up_as(place: Place, kind: &str, cases: Vec<(Value, Value)>) {
    let gateway = Gateway::start(&place).await;
    for (own, expected) in cases {
        let went_up = sent(&gateway, kind, own.clone()).await;
        assert_eq!(went_up, expected, "{kind} {own}");
    }
}

pub(crate) fn interactive(content: Value) -> Value {
    message("interactive", content)
}

async fn a_message_goes_up_as_one_request_with_the_meta_token_and_nothing_of_the_callers(
    place: Place,
) {
    let gateway = Gateway::start(&place).await;
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hello" });
    let ask = gateway.post("/v2/messages/send/text?access_token=stolen", &body);
    let ask = ask.header("X-Request-Id", "of-the-caller").header("Cookie", "a=b");
    assert_eq!(ask.send().await.status, 200);

    let request = gateway.meta.only().await;
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.path(), format!("/v23.0/{NUMBER}/messages"));
    assert_eq!(request.url.query(), None);
    let mut names: Vec<_> = request.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let expected =
        ["accept", "authorization", "content-length", "content-type", "host", "user-agent"];
    assert_eq!(names, expected);
    assert_eq!(request.headers["authorization"], format!("Bearer {META_TOKEN}").as_str());
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(
        std::str::from_utf8(&request.body).unwrap(),
        concat!(
            r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"15551234567","#,
            r#""type":"text","text":{"body":"Hello"}}"#
        )
    );
}

async fn the_answer_of_graph_comes_back_byte_for_byte(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hello" });
    let answer = gateway.post("/v2/messages/send/text", &body).send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
}

async fn a_text_goes_up_with_its_preview_only_if_asked(place: Place) {
    let text = |content| message("text", content);
    let cases = vec![
        (json!({ "text": "Hi" }), text(json!({ "body": "Hi" }))),
        (
            json!({ "text": "Hi", "previewUrl": true }),
            text(json!({ "body": "Hi", "preview_url": true })),
        ),
        (
            json!({ "text": "Hi", "previewUrl": false }),
            text(json!({ "body": "Hi", "preview_url": false })),
        ),
    ];
    all_go_up_as(place, "text", cases).await;
}

async fn a_media_goes_up_by_id_or_by_link_with_what_its_type_may_have(place: Place) {
    let full = |kind: &str, place: &str, value: &str| {
        json!({ "media": {
            "type": kind, place: value, "caption": "A caption", "filename": "name.pdf"
        } })
    };
    let link = "https://example.com/a b?x=1#y";
    let mut cases = Vec::new();
    for voice in [true, false] {
        let given = json!({ "media": { "type": "audio", "mediaId": "m-1", "voice": voice } });
        cases.push((given, message("audio", json!({ "id": "m-1", "voice": voice }))));
        let given = json!({ "media": { "type": "video", "mediaId": "m-1", "voice": voice } });
        cases.push((given, message("video", json!({ "id": "m-1" }))));
    }
    for kind in ["image", "video", "audio", "document"] {
        let minimal = json!({ "media": { "type": kind, "mediaId": "m-1" } });
        cases.push((minimal, message(kind, json!({ "id": "m-1" }))));
        for (place, key, value) in [("mediaId", "id", "m-1"), ("link", "link", link)] {
            let mut expected = json!({ key: value });
            if kind != "audio" {
                expected["caption"] = "A caption".into();
            }
            if kind == "document" {
                expected["filename"] = "name.pdf".into();
            }
            cases.push((full(kind, place, value), message(kind, expected)));
        }
    }
    all_go_up_as(place, "media", cases).await;
}

async fn coordinates_go_up_in_the_json_type_and_with_the_digits_they_came_in(place: Place) {
    let gateway = Gateway::start(&place).await;
    let full = json!({ "location": {
        "latitude": "37.4847", "longitude": -122.1473, "name": "Meta", "address": "1 Hacker Way"
    } });
    let went_up = sent(&gateway, "location", full.clone()).await;
    assert_eq!(went_up, message("location", full["location"].clone()));

    for (latitude, longitude) in
        [("37.484700", "-122.10"), ("1e1", "-0.0"), (r#""+37.50""#, r#""-180.000""#), ("90", "180")]
    {
        let body = format!(
            r#"{{"phoneNumberId":"{NUMBER}","to":"1","location":{{"latitude":{latitude},"longitude": {longitude} }}}}"#
        );
        let answer = gateway.ask("POST", "/v2/messages/send/location").json(&body).send().await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        let request = gateway.meta.asked().await.pop().unwrap();
        let expected = format!(
            r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"location","location":{{"latitude":{latitude},"longitude":{longitude}}}}}"#
        );
        assert_eq!(std::str::from_utf8(&request.body).unwrap(), expected);
    }
}

async fn a_catalog_message_has_parameters_only_with_a_thumbnail(place: Place) {
    let cases = vec![
        (
            json!({ "bodyText": "Look" }),
            interactive(json!({
                "type": "catalog_message",
                "body": { "text": "Look" },
                "action": { "name": "catalog_message" },
            })),
        ),
        (
            json!({ "bodyText": "Look", "footerText": "Foot", "thumbnailProductRetailerId": "p" }),
            interactive(json!({
                "type": "catalog_message",
                "body": { "text": "Look" },
                "footer": { "text": "Foot" },
                "action": {
                    "name": "catalog_message",
                    "parameters": { "thumbnail_product_retailer_id": "p" },
                },
            })),
        ),
    ];
    all_go_up_as(place, "interactive/catalog-message", cases).await;
}

async fn a_product_goes_up_with_or_without_words(place: Place) {
    let action = json!({ "catalog_id": "c", "product_retailer_id": "p" });
    let cases = vec![
        (
            json!({ "catalogId": "c", "productRetailerId": "p" }),
            interactive(json!({ "type": "product", "action": action })),
        ),
        (
            json!({
                "catalogId": "c", "productRetailerId": "p", "bodyText": "B", "footerText": "F"
            }),
            interactive(json!({
                "type": "product",
                "body": { "text": "B" },
                "footer": { "text": "F" },
                "action": action,
            })),
        ),
    ];
    all_go_up_as(place, "interactive/product", cases).await;
}

async fn a_product_list_goes_up_with_its_sections(place: Place) {
    let sections = json!([
        { "title": "One", "product_items": [
            { "product_retailer_id": "a" }, { "product_retailer_id": "b" }
        ] },
        { "title": "Two", "product_items": [{ "product_retailer_id": "c" }] },
    ]);
    let minimal =
        json!({ "catalogId": "c", "headerText": "H", "bodyText": "B", "sections": sections });
    let mut full = minimal.clone();
    full["footerText"] = "F".into();
    let expected = json!({
        "type": "product_list",
        "header": { "type": "text", "text": "H" },
        "body": { "text": "B" },
        "action": { "catalog_id": "c", "sections": sections },
    });
    let mut with_footer = expected.clone();
    with_footer["footer"] = json!({ "text": "F" });
    let cases = vec![(minimal, interactive(expected)), (full, interactive(with_footer))];
    all_go_up_as(place, "interactive/product-list", cases).await;
}

async fn a_product_carousel_counts_its_cards(place: Place) {
    let card = |index: usize, product: &str| {
        json!({
            "card_index": index,
            "type": "product",
            "action": { "product_retailer_id": product, "catalog_id": "c" },
        })
    };
    let given = |product: &str| json!({ "catalogId": "c", "productRetailerId": product });
    let cases = vec![(
        json!({ "bodyText": "B", "cards": [given("x"), given("y"), given("x")] }),
        interactive(json!({
            "type": "carousel",
            "body": { "text": "B" },
            "action": { "cards": [card(0, "x"), card(1, "y"), card(2, "x")] },
        })),
    )];
    all_go_up_as(place, "interactive/product-carousel", cases).await;
}

async fn buttons_go_up_with_any_header(place: Place) {
    let given = json!([{ "id": "1", "title": "Yes" }, { "id": "2", "title": "No" }]);
    let buttons = json!([
        { "type": "reply", "reply": { "id": "1", "title": "Yes" } },
        { "type": "reply", "reply": { "id": "2", "title": "No" } },
    ]);
    let plain = json!({
        "type": "button", "body": { "text": "B" }, "action": { "buttons": buttons }
    });
    let with = |header: Value| {
        let mut interactive = plain.clone();
        interactive["header"] = header;
        message("interactive", interactive)
    };
    let asked = |own: Value| {
        let mut body = json!({ "bodyText": "B", "buttons": given });
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        body
    };
    let mut footed = plain.clone();
    footed["footer"] = json!({ "text": "F" });
    let text = json!({ "type": "text", "text": "H" });
    let mut cases = vec![
        (asked(json!({})), interactive(plain.clone())),
        (asked(json!({ "footerText": "F" })), interactive(footed)),
        (asked(json!({ "headerText": "H" })), with(text.clone())),
        (asked(json!({ "header": { "type": "text", "text": "H" } })), with(text)),
    ];
    for kind in ["image", "video", "document"] {
        let header = json!({ "type": kind, "mediaId": "m", "filename": "f.pdf" });
        let mut media = json!({ "id": "m" });
        if kind == "document" {
            media["filename"] = "f.pdf".into();
        }
        cases
            .push((asked(json!({ "header": header })), with(json!({ "type": kind, kind: media }))));
        let link = json!({ "link": "https://example.com/x" });
        let header = json!({ "type": kind, "link": "https://example.com/x" });
        cases.push((asked(json!({ "header": header })), with(json!({ "type": kind, kind: link }))));
    }
    all_go_up_as(place, "interactive/button", cases).await;
}

async fn a_list_goes_up_with_its_rows(place: Place) {
    let sections = json!([
        { "title": "One", "rows": [{ "id": "1", "title": "T", "description": "D" }] },
        { "title": "Two", "rows": [{ "id": "2", "title": "T" }, { "id": "3", "title": "T" }] },
    ]);
    let minimal = json!({ "bodyText": "B", "buttonText": "Go", "sections": sections });
    let mut full = minimal.clone();
    full["headerText"] = "H".into();
    full["footerText"] = "F".into();
    let action = json!({ "button": "Go", "sections": sections });
    let cases = vec![
        (
            minimal,
            interactive(json!({ "type": "list", "body": { "text": "B" }, "action": action })),
        ),
        (
            full,
            interactive(json!({
                "type": "list",
                "header": { "type": "text", "text": "H" },
                "body": { "text": "B" },
                "footer": { "text": "F" },
                "action": action,
            })),
        ),
    ];
    all_go_up_as(place, "interactive/list", cases).await;
}

async fn what_is_left_out_empty_or_null_does_not_go_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    let buttons = json!([{ "id": "1", "title": "Yes" }]);
    let rows = |blank: &Value| {
        json!([{ "title": "S", "rows": [
        { "id": "1", "title": "T", "description": blank }
    ] }])
    };
    for blank in [Value::Null, json!("")] {
        let bodies = [
            ("text", json!({ "text": "Hi", "previewUrl": null })),
            (
                "media",
                json!({ "media": {
                    "type": "document", "mediaId": "m", "link": blank,
                    "caption": blank, "filename": blank,
                } }),
            ),
            (
                "location",
                json!({ "location": {
                    "latitude": 1, "longitude": 2, "name": blank, "address": blank
                } }),
            ),
            (
                "interactive/catalog-message",
                json!({
                    "bodyText": "B", "footerText": blank, "thumbnailProductRetailerId": blank
                }),
            ),
            (
                "interactive/product",
                json!({
                    "catalogId": "c", "productRetailerId": "p",
                    "bodyText": blank, "footerText": blank,
                }),
            ),
            (
                "interactive/button",
                json!({
                    "bodyText": "B", "buttons": buttons, "header": null,
                    "headerText": blank, "footerText": blank,
                }),
            ),
            (
                "interactive/list",
                json!({
                    "bodyText": "B", "buttonText": "Go", "sections": rows(&blank),
                    "headerText": blank, "footerText": blank,
                }),
            ),
        ];
        for (kind, mut own) in bodies {
            own["recipient"] = blank.clone();
            own["contextMessageWamid"] = blank.clone();
            own["reference"] = blank.clone();
            let went_up = sent(&gateway, kind, own).await.to_string();
            assert!(!went_up.contains("null") && !went_up.contains(r#""""#), "{kind}: {went_up}");
            for name in ["caption", "filename", "footer", "header", "context", "parameters"] {
                assert!(!went_up.contains(name), "{name} of {kind}: {went_up}");
            }
        }
    }
}

async fn unknown_members_are_never_forwarded(place: Place) {
    let gateway = Gateway::start(&place).await;
    let strange = "never-forwarded";
    let bodies = [
        ("text", json!({ "text": "Hi", "biz_opaque_callback_data": strange, "type": strange })),
        ("media", json!({ "media": { "type": "image", "mediaId": "m", "x": strange } })),
        ("location", json!({ "location": { "latitude": 1, "longitude": 2, "url": strange } })),
        (
            "interactive/product-list",
            json!({
                "catalogId": "c", "headerText": "H", "bodyText": "B",
                "sections": [{ "title": "T", "x": strange, "product_items": [
                    { "product_retailer_id": "p", "x": strange }
                ] }],
            }),
        ),
        (
            "interactive/button",
            json!({ "bodyText": "B", "buttons": [{ "id": "1", "title": "T", "type": strange }] }),
        ),
        (
            "interactive/list",
            json!({ "bodyText": "B", "buttonText": "Go", "sections": [
                { "title": "T", "rows": [{ "id": "1", "title": "T", "x": strange }] }
            ] }),
        ),
    ];
    for (kind, mut own) in bodies {
        own["messaging_product"] = strange.into();
        own["x"] = json!({ "deep": [strange] });
        let went_up = sent(&gateway, kind, own).await;
        assert!(!went_up.to_string().contains(strange), "{kind}: {went_up}");
    }
}

async fn of_a_repeated_key_the_last_one_counts(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = format!(
        r#"{{"phoneNumberId":"1","to":"222","text":7,"phoneNumberId":"{NUMBER}","to":"15551234567","text":"first","t\u0065xt":"last"}}"#
    );
    let answer = gateway.ask("POST", "/v2/messages/send/text").json(&body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(gateway.meta.last_body().await, message("text", json!({ "body": "last" })));
}

async fn text_goes_up_as_it_is_neither_trimmed_nor_normalised(place: Place) {
    let gateway = Gateway::start(&place).await;
    for text in [" ", "\n a \t", "e\u{301} \u{202e}x", "👩‍👩‍👧", "</script>\u{1}\u{7f}\u{2028}"]
    {
        let went_up = sent(&gateway, "text", json!({ "text": text })).await;
        assert_eq!(went_up["text"]["body"], *text);
    }
}
