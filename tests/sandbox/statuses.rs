//! What the sandbox tells of the messages that it accepted.

use std::time::Duration;

use avenping_gateway::sandbox::CODES;
use serde_json::{Value, json};

use crate::harness::{Caller, NUMBER, OTHER_NUMBER, TO, message};
use crate::receiver::{Receiver, VERIFY_TOKEN};

async fn told() -> (Caller, Receiver) {
    let (caller, receiver) = (Caller::start().await, Receiver::start().await);
    caller.sandbox.call_back(receiver.callback());
    (caller, receiver)
}

fn text() -> Value {
    message("text", &json!({ "body": "Hello" }))
}

async fn accepted(caller: &Caller, payload: &Value) -> String {
    let answer = caller.post(payload).await;
    answer.is_accepted("message");
    answer.body["messages"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read() {
    let (caller, mut receiver) = told().await;
    let id = accepted(&caller, &text()).await;
    for name in ["sent", "delivered", "read"] {
        let value = receiver.next_value().await;
        let user_id = &value["contacts"][0]["user_id"];
        assert!(user_id.as_str().unwrap().starts_with("US."), "{value}");
        assert_eq!(value["contacts"][0]["wa_id"], TO);
        assert_eq!(value["metadata"]["phone_number_id"], NUMBER);
        assert_eq!(value["metadata"]["display_phone_number"], "15550783881");
        let status = &value["statuses"][0];
        assert_eq!(status["id"], id);
        assert_eq!(status["status"], name);
        assert_eq!(status["timestamp"], "1800000000");
        assert_eq!(status["recipient_id"], TO);
        assert_eq!(&status["recipient_user_id"], user_id);
        assert_eq!(status.get("pricing").is_some(), name == "sent");
        assert!(status.get("biz_opaque_callback_data").is_none());
        assert!(status.get("errors").is_none());
    }
    assert!(!receiver.has_more());
}

#[tokio::test]
async fn the_number_that_sent_is_the_one_that_is_told_of() {
    let (caller, mut receiver) = told().await;
    let request = caller
        .request(reqwest::Method::POST, &format!("/v23.0/{OTHER_NUMBER}/messages"))
        .header("content-type", "application/json")
        .body(text().to_string());
    assert_eq!(request.send().await.unwrap().status(), 200);
    let value = receiver.next_value().await;
    assert_eq!(value["metadata"]["phone_number_id"], OTHER_NUMBER);
    assert_eq!(value["metadata"]["display_phone_number"], "15550783882");
}

#[tokio::test]
async fn what_the_sender_wrote_on_it_comes_back_escaped_as_meta_escapes() {
    let (caller, mut receiver) = told().await;
    let mut payload = text();
    payload["biz_opaque_callback_data"] = json!("Café/😀@1");
    accepted(&caller, &payload).await;
    for _ in 0..3 {
        let post = receiver.next().await;
        let escaped = r#""biz_opaque_callback_data":"Caf\u00e9\/\ud83d\ude00\u00401""#;
        assert!(post.text().contains(escaped), "{}", post.text());
        assert!(post.raw.is_ascii());
        let status = &post.value()["statuses"][0];
        assert_eq!(status["biz_opaque_callback_data"], "Café/😀@1");
    }
}

#[tokio::test]
async fn a_reaction_is_only_ever_sent() {
    let (caller, mut receiver) = told().await;
    let reaction = json!({ "message_id": "wamid.X", "emoji": "👍" });
    let id = accepted(&caller, &message("reaction", &reaction)).await;
    let next = accepted(&caller, &text()).await;
    let mut of_reaction = Vec::new();
    for _ in 0..4 {
        let status = receiver.next_status().await;
        if status["id"] == id {
            of_reaction.push(status["status"].clone());
        } else {
            assert_eq!(status["id"], next);
        }
    }
    assert_eq!(of_reaction, ["sent"]);
    caller.sandbox.stop().await;
    assert!(!receiver.has_more());
}

#[tokio::test]
async fn a_user_id_and_a_group_are_named_as_meta_names_them() {
    let (caller, mut receiver) = told().await;
    let mut to_user = text();
    to_user.as_object_mut().unwrap().remove("to");
    to_user["recipient"] = json!("US.13491208655302741918");
    accepted(&caller, &to_user).await;
    for _ in 0..3 {
        let value = receiver.next_value().await;
        assert_eq!(value["contacts"], json!([{ "user_id": "US.13491208655302741918" }]));
        assert_eq!(value["statuses"][0]["recipient_user_id"], "US.13491208655302741918");
        assert!(value["statuses"][0].get("recipient_id").is_none());
    }
    let mut to_group = text();
    to_group["recipient_type"] = json!("group");
    to_group["to"] = json!("Y2FwaV9ncm91cA");
    accepted(&caller, &to_group).await;
    for name in ["sent", "delivered", "read"] {
        let status = receiver.next_status().await;
        assert_eq!(status["status"], name);
        assert_eq!(status["recipient_id"], "Y2FwaV9ncm91cA");
        assert_eq!(status["recipient_type"], "group");
        assert!(status["recipient_participant_id"].is_string());
    }
}

#[tokio::test]
async fn a_template_is_priced_by_its_category_and_an_answer_is_free() {
    let (caller, mut receiver) = told().await;
    let template = json!({ "name": "hello_world", "language": { "code": "en_US" } });
    accepted(&caller, &message("template", &template)).await;
    let pricing = receiver.next_status().await["pricing"].clone();
    assert_eq!(pricing["billable"], true);
    assert_eq!(pricing["pricing_model"], "PMP");
    let category = pricing["category"].as_str().unwrap();
    assert!(["marketing", "utility", "authentication"].contains(&category), "{category}");
    for _ in 0..2 {
        receiver.next().await;
    }
    accepted(&caller, &text()).await;
    let pricing = receiver.next_status().await["pricing"].clone();
    assert_eq!((&pricing["billable"], &pricing["category"]), (&json!(false), &json!("service")));
}

#[tokio::test]
async fn a_second_range_of_numbers_is_accepted_and_fails_later() {
    let (caller, mut receiver) = told().await;
    for code in CODES {
        let number = format!("15551{:06}", code.number);
        let mut payload = text();
        payload["to"] = json!(number);
        payload["biz_opaque_callback_data"] = json!("mine");
        let id = accepted(&caller, &payload).await;
        let status = receiver.next_status().await;
        assert_eq!(status["id"], id);
        assert_eq!(status["status"], "failed", "{code:?}");
        assert_eq!(status["recipient_id"], number);
        assert_eq!(status["biz_opaque_callback_data"], "mine");
        let error = &status["errors"][0];
        assert_eq!(error["code"], code.number);
        assert_eq!(error["title"], code.title);
        assert_eq!(error["message"], code.title);
        assert!(error["error_data"]["details"].as_str().unwrap().contains(&number));
        assert!(error["href"].as_str().unwrap().starts_with("https://"));
    }
    assert!(!receiver.has_more());
}

#[tokio::test]
async fn what_is_not_taken_is_posted_again_byte_for_byte_and_in_order() {
    let (caller, mut receiver) = told().await;
    receiver.refuse_next(2);
    accepted(&caller, &text()).await;
    let first = receiver.next().await;
    assert_eq!(first.value()["statuses"][0]["status"], "sent");
    for _ in 0..2 {
        assert_eq!(receiver.next().await.raw, first.raw);
    }
    assert_eq!(receiver.next_status().await["status"], "delivered");
    assert_eq!(receiver.next_status().await["status"], "read");
}

#[tokio::test]
async fn a_receiver_that_never_takes_anything_is_given_up() {
    let (caller, mut receiver) = told().await;
    receiver.refuse_next(8);
    accepted(&caller, &text()).await;
    for _ in 0..8 {
        assert_eq!(receiver.next_status().await["status"], "sent");
    }
    assert_eq!(receiver.next_status().await["status"], "delivered");
}

#[tokio::test]
async fn nothing_is_told_after_the_stop() {
    let (caller, mut receiver) = told().await;
    // Refused as often as it is tried: there is always a next time that the stop must prevent.
    receiver.refuse_next(usize::MAX);
    accepted(&caller, &text()).await;
    receiver.next().await;
    tokio::time::timeout(Duration::from_secs(5), caller.sandbox.stop()).await.unwrap();
    while receiver.has_more() {}
    // One may have been under way. The receiver takes it in, or never will: it takes in others.
    let other = Caller::start().await;
    other.sandbox.call_back(receiver.callback());
    let theirs = accepted(&other, &text()).await;
    let mut late = 0;
    while receiver.next_status().await["id"] != theirs {
        late += 1;
    }
    assert!(late <= 1, "{late}");
}

#[tokio::test]
async fn the_callback_is_asked_once_whether_it_agrees() {
    let (caller, mut receiver) = (Caller::start().await, Receiver::start().await);
    let agreed = avenping_gateway::sandbox::Callback {
        verify_token: Some(VERIFY_TOKEN.into()),
        ..receiver.callback()
    };
    caller.sandbox.call_back(agreed);
    accepted(&caller, &text()).await;
    for _ in 0..3 {
        receiver.next().await;
    }
    assert_eq!(receiver.handshake().await, VERIFY_TOKEN);
    assert!(!receiver.has_more_handshakes());
}

#[tokio::test]
async fn who_asked_for_nothing_is_told_nothing_of_earlier_messages() {
    let (caller, mut receiver) = (Caller::start().await, Receiver::start().await);
    accepted(&caller, &text()).await;
    caller.sandbox.call_back(receiver.callback());
    let later = accepted(&caller, &text()).await;
    for _ in 0..3 {
        assert_eq!(receiver.next_status().await["id"], later);
    }
    assert!(!receiver.has_more());
}
