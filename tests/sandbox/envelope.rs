//! What is around every message, and the receipt for it.

use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TO, long, message};

fn text() -> Value {
    message("text", &json!({ "body": "Hello" }))
}

fn with(key: &str, value: Value) -> Value {
    let mut payload = text();
    payload[key] = value;
    payload
}

fn without(key: &str) -> Value {
    let mut payload = text();
    payload.as_object_mut().unwrap().remove(key);
    payload
}

#[tokio::test]
async fn an_accepted_message_is_answered_with_a_wamid_and_kept() {
    let caller = Caller::start().await;
    let payload = with("to", json!("+1 (650) 555-1234"));
    let answer = caller.post(&payload).await;
    answer.is_accepted("text");
    let wamid = answer.body["messages"][0]["id"].as_str().unwrap();
    assert!(wamid.starts_with("wamid.HBgL"), "{wamid}");
    let expected = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "+1 (650) 555-1234", "wa_id": "16505551234" }],
        "messages": [{ "id": wamid }],
    });
    assert_eq!(answer.body, expected);

    let kept = caller.sandbox.messages();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].id, wamid);
    assert_eq!(kept[0].payload, payload);
    let listed = caller.get("/sandbox/messages").await;
    assert_eq!(listed.body["data"][0]["id"], wamid);
    assert_eq!(listed.body["data"][0]["recipient"]["person"]["wa_id"], "16505551234");
}

#[tokio::test]
async fn what_is_refused_is_not_kept() {
    let caller = Caller::start().await;
    caller.post(&without("to")).await.is_refused("no to", 131_008, "to");
    caller.post(&with("to", json!("15550131056"))).await.is_refused(
        "a fault",
        131_056,
        "15550131056",
    );
    assert!(caller.sandbox.messages().is_empty());
}

#[tokio::test]
async fn a_user_id_or_a_group_takes_the_place_of_a_number() {
    let caller = Caller::start().await;
    let user = "US.13491208655302741918";
    let mut payload = without("to");
    payload["recipient"] = json!(user);
    let answer = caller.post(&payload).await;
    assert_eq!(answer.body["contacts"], json!([{ "input": user, "user_id": user }]));

    payload["to"] = json!(TO);
    let answer = caller.post(&payload).await;
    assert_eq!(answer.body["contacts"], json!([{ "input": TO, "wa_id": TO }]), "to wins");

    let mut payload = with("recipient_type", json!("group"));
    payload["to"] = json!("Y2FwaV9ncm91cDox");
    let answer = caller.post(&payload).await;
    assert_eq!(answer.body["contacts"], json!([{ "input": "Y2FwaV9ncm91cDox" }]));
    assert_eq!(answer.body["messages"][0]["group_id"], "Y2FwaV9ncm91cDox");
}

#[tokio::test]
async fn the_envelope_may_have_what_meta_documents() {
    let caller = Caller::start().await;
    let cases = [
        without("type"),
        without("recipient_type"),
        with("context", json!({ "message_id": "wamid.HBgL" })),
        with("biz_opaque_callback_data", json!(long(512))),
        with("recipient_identity_key_hash", json!("DF2lS5v2W6x")),
    ];
    for payload in cases {
        caller.post(&payload).await.is_accepted(&payload.to_string());
    }
}

#[tokio::test]
async fn a_member_that_is_null_counts_as_left_out() {
    let caller = Caller::start().await;
    let user = "US.13491208655302741918";
    let link = "https://shop.example/a.jpg";
    let mut to_user = without("to");
    to_user["to"] = Value::Null;
    to_user["recipient"] = json!(user);
    let button = json!({
        "type": "button", "header": null, "footer": null, "body": { "text": "?" },
        "action": { "name": null, "buttons": [
            { "type": "reply", "reply": { "id": "1", "title": "Yes", "payload": null } },
        ] },
    });
    let template = json!({
        "name": "hello_world", "components": null,
        "language": { "code": "en_US", "policy": null },
    });
    let cases = [
        with("text", json!({ "body": "hi", "preview_url": null })),
        with("recipient_type", Value::Null),
        with("recipient", Value::Null),
        with("context", Value::Null),
        with("biz_opaque_callback_data", Value::Null),
        with("recipient_identity_key_hash", Value::Null),
        with("type", Value::Null),
        with("status", Value::Null),
        with("image", Value::Null),
        with("of_a_client", Value::Null),
        to_user,
        message("image", &json!({ "link": link, "id": null, "caption": null })),
        message("audio", &json!({ "link": link, "voice": null })),
        message("location", &json!({ "latitude": 1, "longitude": 2, "name": null })),
        message(
            "contacts",
            &json!([{ "name": { "formatted_name": "Ana", "first_name": null }, "org": null }]),
        ),
        message("interactive", &button),
        message("template", &template),
    ];
    for payload in cases {
        caller.post(&payload).await.is_accepted(&payload.to_string());
    }
    let read = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X",
        "typing_indicator": null, "to": null,
    });
    assert_eq!(caller.post(&read).await.body, json!({ "success": true }));
}

#[tokio::test]
async fn a_wrong_envelope_is_refused_by_the_field() {
    let caller = Caller::start().await;
    let mut bare_user = without("to");
    bare_user["recipient"] = json!("13491208655302741918");
    let cases = [
        (json!([]), 100, "root"),
        (without("messaging_product"), 131_008, "messaging_product"),
        (with("messaging_product", json!("sms")), 131_009, "messaging_product"),
        (with("recipient_type", json!("channel")), 131_009, "recipient_type"),
        (without("to"), 131_008, "to"),
        (with("to", Value::Null), 131_008, "to"),
        (with("to", json!(16_505_551_234_i64)), 100, "to must be a string"),
        (with("to", json!("me@example.com")), 131_009, "to"),
        (with("to", json!("+")), 131_009, "to"),
        (with("to", json!("1".repeat(21))), 131_009, "20 digits"),
        (with("to", json!("+15550783881")), 131_021, "to"),
        (bare_user, 131_009, "recipient"),
        (with("type", json!("fax")), 100, "type"),
        (with("type", json!("image")), 100, "\"text\""),
        (without("text"), 131_008, "text"),
        (with("context", json!({})), 131_008, "context.message_id"),
        (with("context", json!({ "message_id": "1" })), 131_009, "context.message_id"),
        (with("biz_opaque_callback_data", json!(long(513))), 131_009, "512"),
        (with("reference", json!("x")), 100, "\"reference\""),
        (with("pin", json!({})), 100, "\"pin\""),
    ];
    for (payload, code, names) in cases {
        caller.post(&payload).await.is_refused(&payload.to_string(), code, names);
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_code_100() {
    let caller = Caller::start().await;
    let broken = caller.posting(&json!({})).body("{\"to\":");
    Answer::of(broken.send().await.unwrap()).await.is_refused("broken", 100, "not valid JSON");
    let path = format!("/v23.0/{}/messages", crate::harness::NUMBER);
    let form = caller.request(reqwest::Method::POST, &path).body(text().to_string());
    Answer::of(form.send().await.unwrap()).await.is_refused("no type", 100, "Content-Type");
}

#[tokio::test]
async fn marking_as_read_and_typing_succeed_and_send_nothing() {
    let caller = Caller::start().await;
    let read =
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X" });
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({ "type": "text" });
    for payload in [&read, &typing] {
        let answer = caller.post(payload).await;
        assert_eq!((answer.status, answer.body), (200, json!({ "success": true })));
    }
    assert!(caller.sandbox.messages().is_empty());

    let wrong = |key: &str, value: Value| {
        let mut payload = typing.clone();
        payload[key] = value;
        payload
    };
    let cases = [
        (wrong("status", json!("delivered")), 131_009, "status"),
        (wrong("message_id", Value::Null), 131_008, "message_id"),
        (wrong("message_id", json!("17")), 131_009, "message_id"),
        (wrong("typing_indicator", json!({ "type": "audio" })), 131_009, "typing_indicator.type"),
        (wrong("to", json!(TO)), 100, "\"to\""),
    ];
    for (payload, code, names) in cases {
        caller.post(&payload).await.is_refused(&payload.to_string(), code, names);
    }
}
