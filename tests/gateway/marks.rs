//! Telling a customer that their message was seen, or is being answered.

use serde_json::{Value, json};

use crate::harness::{
    Act, Gateway, NUMBER, Place, Setup, Wire, answer, carries_token, cases, somebody, token_of,
};

cases![
    a_mark_goes_up_and_graphs_answer_comes_back,
    a_mark_takes_the_same_way_in_as_a_message,
    a_mark_names_a_message,
    a_mark_is_no_message_and_leaves_no_record,
    a_mark_is_tried_again_since_twice_is_as_good_as_once,
    a_mark_may_carry_a_key_and_is_made_each_time,
    an_answer_that_is_none_is_told_as_a_failure,
];

const SUCCESS: &str = r#"{"success":true, "of_tomorrow":1.0}"#;

fn marked() -> Value {
    json!({ "phoneNumberId": NUMBER, "messageWamid": "wamid.of-theirs", "to": "1", "x": 1 })
}

async fn accepting(place: &Place) -> Gateway {
    let gateway = Gateway::start(place).await;
    gateway.meta.forget().await;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, SUCCESS).await;
    gateway
}

async fn a_mark_goes_up_and_graphs_answer_comes_back(place: Place) {
    let gateway = accepting(&place).await;
    let read = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.of-theirs",
    });
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({ "type": "text" });
    for (path, expected) in [("/v2/messages/read", read), ("/v2/messages/typing", typing)] {
        let answer = gateway.post(path, &marked()).send().await;
        answer.is(200, &format!(r#"{{"success":true,"data":{SUCCESS}}}"#));
        assert_eq!(gateway.meta.last_body().await, expected);
        let request = gateway.meta.asked().await.pop().unwrap();
        assert!(carries_token(&request));
        assert_eq!(request.headers["content-type"], "application/json");
    }
}

async fn a_mark_takes_the_same_way_in_as_a_message(place: Place) {
    let gateway = accepting(&place).await;
    gateway.join(&somebody("bob")).await;
    for path in ["/v2/messages/read", "/v2/messages/typing"] {
        let anonymous = gateway.post(path, &marked()).anonymous().send().await;
        anonymous.refused(401, "UNAUTHORIZED", "Missing API token");
        let mut body = marked();
        body["phoneNumberId"] = "999".into();
        let stranger = gateway.post(path, &body).token(&token_of("bob")).send().await;
        let message = "phoneNumberId does not belong to this account";
        stranger.refused(403, "FORBIDDEN", message);
        let none = gateway.post(path, &json!({ "messageWamid": "wamid.x" })).send().await;
        none.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
        assert_eq!(gateway.get(path).send().await.status, 405);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_mark_names_a_message(place: Place) {
    let gateway = accepting(&place).await;
    for (wamid, message) in [
        (Value::Null, "is required"),
        (json!(""), "must not be empty"),
        (json!(7), "must be a string"),
    ] {
        let mut body = marked();
        body["messageWamid"] = wamid;
        let answer = gateway.post("/v2/messages/read", &body).send().await;
        answer.faults(&[("messageWamid", message)]);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_mark_is_no_message_and_leaves_no_record(place: Place) {
    let gateway = accepting(&place).await;
    let answer = gateway.post("/v2/messages/typing", &marked()).send().await;
    assert_eq!((answer.status, answer.header("x-message-id")), (200, None));
    // The records are written in their order: once this one is there, an earlier one would be.
    gateway.meta.forget().await;
    gateway
        .meta
        .answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, crate::harness::ACCEPTED)
        .await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    assert_eq!(gateway.post("/v2/messages/send/text", &text).send().await.status, 200);
    let listed = async || gateway.get("/v2/messages").send().await.data()["items"].clone();
    crate::harness::eventually("the text is recorded", async || {
        listed().await.as_array().is_some_and(|items| !items.is_empty())
    })
    .await;
    assert_eq!(listed().await.as_array().unwrap().len(), 1);
}

async fn a_mark_is_tried_again_since_twice_is_as_good_as_once(place: Place) {
    let wire = Wire::start([
        Act::Answer(answer(500, "", "<html>sorry</html>")),
        Act::Reset(Vec::new()),
        Act::Answer(answer(200, "", SUCCESS)),
    ])
    .await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let marked = gateway.post("/v2/messages/read", &marked()).send().await;
    marked.is(200, &format!(r#"{{"success":true,"data":{SUCCESS}}}"#));
    assert_eq!(wire.requests().len(), 3);
}

async fn a_mark_may_carry_a_key_and_is_made_each_time(place: Place) {
    let gateway = accepting(&place).await;
    let keyed =
        |key: &str| gateway.post("/v2/messages/read", &marked()).header("Idempotency-Key", key);
    for _ in 0..2 {
        let answer = keyed("k").send().await;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None));
    }
    assert_eq!(gateway.meta.count().await, 2);
    assert!(!gateway.meta.last_body().await.to_string().contains("biz_opaque"));
    let rule = "must be 1 to 255 visible ASCII characters";
    keyed("two words").send().await.faults(&[("Idempotency-Key", rule)]);
}

async fn an_answer_that_is_none_is_told_as_a_failure(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, body, outcome) in [
        (200, "<html>", "unknown"),
        (200, "true", "unknown"),
        (400, r#"{"error":{"message":"old","code":131009}}"#, "rejected"),
    ] {
        gateway.meta.forget().await;
        gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), status, body).await;
        let answer = gateway.post("/v2/messages/read", &marked()).send().await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(answer.json()["details"]["outcome"], outcome, "{}", answer.text());
    }
}
