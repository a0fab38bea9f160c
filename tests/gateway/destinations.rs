//! Whom a message is for, and which message it answers.

use serde_json::{Value, json};

use crate::harness::{Gateway, NUMBER, Place, cases};

cases![
    all_but_the_digits_of_a_number_is_dropped,
    a_number_without_digits_or_with_too_many_is_refused,
    a_business_scoped_user_id_stands_in_place_of_a_number,
    with_both_a_number_and_a_user_id_the_number_counts,
    a_missing_receiver_is_told_of_under_to,
    texts_media_and_templates_go_to_groups,
    the_other_kinds_know_no_groups,
    a_group_id_that_is_none_is_refused,
    an_answer_names_the_message_it_answers,
    a_reference_stays_with_us,
];

const USER: &str = "US.13491208655302741918";

fn text(receiver: &Value) -> Value {
    let mut body = json!({ "phoneNumberId": NUMBER, "text": "Hi" });
    body.as_object_mut().unwrap().extend(receiver.as_object().unwrap().clone());
    body
}

async fn all_but_the_digits_of_a_number_is_dropped(place: Place) {
    let gateway = Gateway::start(&place).await;
    let cases = [
        ("+1 (555) 123-4567", "15551234567"),
        ("tel:15551234567;ext=8", "155512345678"),
        ("0", "0"),
        ("001", "001"),
        ("١15551234567", "15551234567"),
        ("１2", "2"),
        ("12345678901234567890", "12345678901234567890"),
        ("  1\n2\t3  ", "123"),
    ];
    for (given, expected) in cases {
        let body = text(&json!({ "to": given }));
        assert_eq!(gateway.post("/v2/messages/send/text", &body).send().await.status, 200);
        let went_up = gateway.meta.last_body().await;
        assert_eq!(went_up["to"], expected, "{given:?}");
        assert_eq!(went_up["recipient_type"], "individual");
    }
}

async fn a_number_without_digits_or_with_too_many_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    for given in ["call me", "+", "١٢٣", "123456789012345678901"] {
        let body = text(&json!({ "to": given }));
        let answer = gateway.post("/v2/messages/send/text", &body).send().await;
        answer.faults(&[("to", "must have 1 to 20 digits")]);
    }
    for given in [json!(15_551_234_567_u64), json!(["1"]), json!({}), json!(true)] {
        let body = text(&json!({ "to": given }));
        let answer = gateway.post("/v2/messages/send/text", &body).send().await;
        answer.faults(&[("to", "must be a string")]);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_business_scoped_user_id_stands_in_place_of_a_number(place: Place) {
    let gateway = Gateway::start(&place).await;
    for blank in [json!({}), json!({ "to": "" }), json!({ "to": null })] {
        let mut body = text(&blank);
        body["recipient"] = USER.into();
        assert_eq!(gateway.post("/v2/messages/send/text", &body).send().await.status, 200);
        let expected = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient": USER,
            "type": "text",
            "text": { "body": "Hi" },
        });
        assert_eq!(gateway.meta.last_body().await, expected);
    }
    let sent = gateway.meta.count().await;
    for wrong in ["15551234567", "us.1", "US.", "US.1/2"] {
        let body = text(&json!({ "recipient": wrong }));
        let answer = gateway.post("/v2/messages/send/text", &body).send().await;
        let fault = "must be a business-scoped user id such as US.13491208655302741918";
        answer.faults(&[("recipient", fault)]);
    }
    assert_eq!(gateway.meta.count().await, sent);
}

async fn with_both_a_number_and_a_user_id_the_number_counts(place: Place) {
    let gateway = Gateway::start(&place).await;
    for recipient in [USER, "no user id at all"] {
        let body = text(&json!({ "to": "1555", "recipient": recipient }));
        let answer = gateway.post("/v2/messages/send/text", &body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let went_up = gateway.meta.last_body().await;
        assert_eq!(went_up["to"], "1555");
        assert!(went_up.get("recipient").is_none());
    }
}

async fn a_missing_receiver_is_told_of_under_to(place: Place) {
    let gateway = Gateway::start(&place).await;
    let nobody = [
        json!({}),
        json!({ "to": null }),
        json!({ "to": "" }),
        json!({ "to": "", "recipient": "" }),
        json!({ "recipient": null }),
    ];
    for nobody in nobody {
        let answer = gateway.post("/v2/messages/send/text", &text(&nobody)).send().await;
        answer.faults(&[("to", "is required")]);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn texts_media_and_templates_go_to_groups(place: Place) {
    let gateway = Gateway::start(&place).await;
    let group = "Y2FwaV9ncm91cDox.x_y-z@g";
    let bodies = [
        ("/v2/messages/send/text", json!({ "text": "Hi" })),
        ("/v2/messages/send/media", json!({ "media": { "type": "image", "mediaId": "m" } })),
        ("/v2/messages/send", json!({ "text": "Hi" })),
        ("/v2/templates/send", json!({ "templateName": "t" })),
        ("/v2/templates/t/test-send", json!({})),
    ];
    for (path, mut body) in bodies {
        body["phoneNumberId"] = NUMBER.into();
        body["to"] = group.into();
        body["recipientType"] = "group".into();
        let answer = gateway.post(path, &body).send().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let went_up = gateway.meta.last_body().await;
        assert_eq!((&went_up["recipient_type"], &went_up["to"]), (&json!("group"), &json!(group)));
    }
}

async fn the_other_kinds_know_no_groups(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({
        "phoneNumberId": NUMBER, "to": "1555", "recipientType": "group",
        "location": { "latitude": 1, "longitude": 2 },
    });
    let answer = gateway.post("/v2/messages/send/location", &body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let went_up = gateway.meta.last_body().await;
    assert_eq!(
        (&went_up["recipient_type"], &went_up["to"]),
        (&json!("individual"), &json!("1555"))
    );
}

async fn a_group_id_that_is_none_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let fault = "must be a group id: 1 to 128 letters, digits, or any of . _ @ -";
    for wrong in ["a b", "a/b", "ä", &"x".repeat(129)] {
        let body = text(&json!({ "to": wrong, "recipientType": "group" }));
        let answer = gateway.post("/v2/messages/send/text", &body).send().await;
        answer.faults(&[("to", fault)]);
    }
    let body = text(&json!({ "recipient": USER, "recipientType": "group" }));
    gateway.post("/v2/messages/send/text", &body).send().await.faults(&[("to", "is required")]);
    let body = text(&json!({ "to": "1", "recipientType": "GROUP" }));
    let answer = gateway.post("/v2/messages/send/text", &body).send().await;
    answer.faults(&[("recipientType", "must be individual or group")]);
    assert_eq!(gateway.meta.count().await, 0);
}

async fn an_answer_names_the_message_it_answers(place: Place) {
    let gateway = Gateway::start(&place).await;
    let bodies = [
        ("/v2/messages/send/text", json!({ "text": "Hi" })),
        ("/v2/messages/send/location", json!({ "location": { "latitude": 1, "longitude": 2 } })),
        ("/v2/messages/send/interactive/catalog-message", json!({ "bodyText": "B" })),
        ("/v2/templates/send", json!({ "templateName": "t" })),
        ("/v2/templates/t/test-send", json!({})),
    ];
    for (path, mut body) in bodies {
        body["phoneNumberId"] = NUMBER.into();
        body["to"] = "1555".into();
        body["contextMessageWamid"] = "wamid.before".into();
        assert_eq!(gateway.post(path, &body).send().await.status, 200, "{path}");
        let went_up = gateway.meta.last_body().await;
        assert_eq!(went_up["context"], json!({ "message_id": "wamid.before" }), "{path}");
    }
}

async fn a_reference_stays_with_us(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = text(&json!({ "to": "1555", "reference": "order-1" }));
    assert_eq!(gateway.post("/v2/messages/send/text", &body).send().await.status, 200);
    assert!(!gateway.meta.last_body().await.to_string().contains("order-1"));
    let body = text(&json!({ "to": "1555", "reference": "é".repeat(257) }));
    let answer = gateway.post("/v2/messages/send/text", &body).send().await;
    answer.faults(&[("reference", "must be at most 256 characters, has 257")]);
}
