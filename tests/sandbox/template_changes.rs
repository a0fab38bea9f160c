//! Templates are made, edited and deleted, and what is wrong is refused as Meta refuses it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, WABA, long, message};

fn list() -> String {
    format!("/v23.0/{WABA}/message_templates")
}

fn template() -> Value {
    json!({
        "name": "order_delivered", "category": "UTILITY", "language": "en_US",
        "components": [{ "type": "body", "text": "Hello {{1}}" }],
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut template = template();
    template[key] = value;
    template
}

async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    let request = caller.request(Method::POST, path).header("content-type", "application/json");
    Answer::of(request.body(body.to_string()).send().await.unwrap()).await
}

async fn made(caller: &Caller, body: &Value) -> String {
    let answer = post(caller, &list(), body).await;
    answer.is_accepted("a template");
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn count(caller: &Caller, name: &str) -> usize {
    let page = caller.get(&format!("{}?name={name}", list())).await;
    page.body["data"].as_array().unwrap().len()
}

async fn sent(caller: &Caller, values: &[&str]) -> Answer {
    let parameters: Value =
        values.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    let content = json!({
        "name": "order_delivered", "language": { "code": "en_US" },
        "components": [{ "type": "body", "parameters": parameters }],
    });
    caller.post(&message("template", &content)).await
}

#[tokio::test]
async fn a_new_template_is_pending_in_the_answer_and_can_be_sent_at_once() {
    let caller = Caller::start().await;
    let answer = post(&caller, &list(), &template()).await;
    answer.is_accepted("a template");
    assert_eq!(
        (&answer.body["status"], &answer.body["category"]),
        (&json!("PENDING"), &json!("UTILITY"))
    );
    let id = answer.body["id"].as_str().unwrap();

    let page = caller.get(&format!("{}?name=order_delivered", list())).await;
    let row = &page.body["data"][0];
    assert_eq!(row["id"], id);
    assert_eq!(row["status"], "APPROVED");
    assert_eq!(row["parameter_format"], "POSITIONAL");
    assert_eq!(row["components"], json!([{ "type": "BODY", "text": "Hello {{1}}" }]));
    assert_eq!(caller.get(&format!("/v23.0/{id}")).await.body["name"], "order_delivered");
    sent(&caller, &["Ada"]).await.is_accepted("a send");
    sent(&caller, &[]).await.is_refused("no parameter", 132_000, "body");
    let other = made(&caller, &with("language", json!("de"))).await;
    assert_ne!(other, id);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_template_is_refused_with_100() {
    let caller = Caller::start().await;
    let component = |component: Value| with("components", json!([component]));
    let body = json!({ "type": "BODY", "text": "Hi" });
    let beside = |component: Value| with("components", json!([body, component]));
    let cases = [
        (with("name", json!("Order")), "name can only have"),
        (with("name", json!("a-b")), "name can only have"),
        (with("name", json!(long(513))), "name must be at most 512"),
        (with("name", Value::Null), "name is required"),
        (with("language", json!("")), "language must not be empty"),
        (with("category", json!("NEWS")), "category must be one of"),
        (with("components", json!([])), "components must have 1 to 6"),
        (with("components", json!({})), "components must be an array"),
        (component(json!({ "type": "FOOTER", "text": "x" })), "BODY"),
        (component(json!({ "type": "OF_TOMORROW" })), "components[0].type"),
        (component(json!({ "type": "BODY" })), "components[0].text is required"),
        (component(json!({ "type": "BODY", "text": long(1025) })), "at most 1024"),
        (beside(body.clone()), "components[1].type must be unique"),
        (
            beside(json!({ "type": "FOOTER", "text": long(61) })),
            "components[1].text must be at most 60",
        ),
        (beside(json!({ "type": "HEADER", "text": "x" })), "components[1].format"),
        (
            beside(json!({ "type": "HEADER", "format": "TEXT", "text": "{{1}} {{2}}" })),
            "one variable",
        ),
        (beside(json!({ "type": "BUTTONS", "buttons": [] })), "components[1].buttons"),
        (
            beside(json!({ "type": "BUTTONS", "buttons": [{ "type": "URL", "text": long(26) }] })),
            "components[1].buttons[0].text",
        ),
    ];
    for (template, names) in cases {
        post(&caller, &list(), &template).await.is_refused(names, 100, names);
    }
    assert_eq!(count(&caller, "order_delivered").await, 0);
    let elsewhere = post(&caller, "/v23.0/999/message_templates", &template()).await;
    assert_eq!((elsewhere.code(), &elsewhere.body["error"]["error_subcode"]), (100, &json!(33)));
}

#[tokio::test]
async fn a_name_is_taken_in_its_language() {
    let caller = Caller::start().await;
    made(&caller, &template()).await;
    let again = post(&caller, &list(), &template()).await;
    let error = &again.body["error"];
    assert_eq!((again.status, again.code()), (400, 100));
    assert_eq!(error["error_subcode"], 2_388_024);
    assert_eq!(error["error_user_title"], "Content in This Language Already Exists");
    assert!(error["error_user_msg"].as_str().unwrap().contains("en_US"));
}

#[tokio::test]
async fn an_edited_template_is_what_it_was_edited_to() {
    let caller = Caller::start().await;
    let id = made(&caller, &template()).await;
    let change =
        json!({ "components": [{ "type": "BODY", "text": "{{1}} and {{2}}" }], "name": "x" });
    let answer = post(&caller, &format!("/v23.0/{id}"), &change).await;
    assert_eq!(answer.body, json!({ "success": true }));
    sent(&caller, &["a", "b"]).await.is_accepted("two");
    sent(&caller, &["a"]).await.is_refused("one", 132_000, "body");

    let wrong = json!({ "components": [{ "type": "BODY", "text": "" }] });
    let wrong = post(&caller, &format!("/v23.0/{id}"), &wrong).await;
    wrong.is_refused("empty", 100, "components[0].text");
    for node in ["1500000000000999", WABA] {
        let unknown = post(&caller, &format!("/v23.0/{node}"), &change).await;
        assert_eq!((unknown.code(), &unknown.body["error"]["error_subcode"]), (100, &json!(33)));
    }
}

#[tokio::test]
async fn one_language_is_deleted_or_all() {
    let caller = Caller::start().await;
    made(&caller, &template()).await;
    let german = made(&caller, &with("language", json!("de"))).await;
    made(&caller, &with("language", json!("es"))).await;
    let gone = caller.delete(&format!("{}?name=order_delivered&hsm_id={german}", list())).await;
    assert_eq!(gone.body, json!({ "success": true }));
    assert_eq!(count(&caller, "order_delivered").await, 2);
    let wrong = caller.delete(&format!("{}?name=hello_world&hsm_id={german}", list())).await;
    assert_eq!(wrong.body["error"]["error_subcode"], 2_593_002);
    caller.delete(&format!("{}?name=order_delivered", list())).await.is_accepted("all");
    assert_eq!(count(&caller, "order_delivered").await, 0);

    let unknown = caller.delete(&format!("{}?name=order_delivered", list())).await;
    assert_eq!((unknown.status, unknown.code()), (400, 100));
    assert_eq!(unknown.body["error"]["error_user_title"], "Message Template Not Found");
    caller.delete(&list()).await.is_refused("no name", 100, "name is required");
    let disabled = caller.delete(&format!("{}?name=daily_deal", list())).await;
    disabled.is_refused("disabled", 100, "disabled");
}
