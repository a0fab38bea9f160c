//! Making, editing and deleting templates: always the account's own, and nothing by halves.

use serde_json::{Value, json};
use wiremock::Request;

use crate::harness::{
    Act, Ask, Gateway, Place, Setup, WABA, Wire, answer, carries_token, cases, somebody, token_of,
};

cases![
    a_template_is_made_of_the_body_as_it_came,
    what_a_new_template_needs_is_told,
    a_template_is_edited_by_its_id,
    one_of_several_languages_must_be_named,
    a_change_is_an_object_with_something_in_it,
    all_languages_of_a_name_are_deleted_or_one,
    what_is_not_there_is_not_found_and_nothing_is_written,
    a_template_called_send_is_changed_on_the_path_that_sends,
    a_refusal_of_graphs_comes_back,
    what_may_have_been_written_is_not_written_again,
    an_account_writes_to_its_own_waba_alone,
];

const SUCCESS: &str = r#"{"success":true, "of_tomorrow":1.0}"#;

fn list() -> String {
    format!("/v23.0/{WABA}/message_templates")
}

/// Graph has these templates, and takes whatever is written.
async fn having(place: &Place, rows: Value) -> Gateway {
    let gateway = Gateway::start(place).await;
    let rows = json!({ "data": rows }).to_string();
    gateway.meta.answers("GET", &list(), 200, &rows).await;
    gateway.meta.answers("POST", &list(), 200, SUCCESS).await;
    gateway.meta.answers("DELETE", &list(), 200, SUCCESS).await;
    for id in ["71", "72"] {
        gateway.meta.answers("POST", &format!("/v23.0/{id}"), 200, SUCCESS).await;
    }
    gateway
}

fn row(name: &str, language: &str, id: &str) -> Value {
    json!({ "name": name, "language": language, "id": id, "components": [] })
}

fn two_languages() -> Value {
    json!([row("hello", "en_US", "71"), row("hello_world", "de", "73"), row("hello", "de", "72")])
}

fn patch(gateway: &Gateway, target: &str, body: &str) -> Ask {
    gateway.ask("PATCH", target).json(body)
}

/// All that was asked of Meta but to read.
async fn written(gateway: &Gateway) -> Vec<Request> {
    let mut asked = gateway.meta.asked().await;
    asked.retain(|request| request.method.as_str() != "GET");
    asked
}

async fn only_written(gateway: &Gateway) -> Request {
    let mut written = written(gateway).await;
    assert_eq!(written.len(), 1, "{written:?}");
    written.remove(0)
}

async fn a_template_is_made_of_the_body_as_it_came(place: Place) {
    let gateway = having(&place, json!([])).await;
    let body = r#"{"name":"order_delivered_2" , "category":"UTILITY","language":"en_US",
        "parameter_format":"NAMED","components":[{"type":"BODY","text":"\u00e9 {{a}}","x":1.10}],
        "message_send_ttl_seconds":60,"of_tomorrow":12345678901234567890123}"#;
    let answer = gateway.ask("POST", "/v2/templates").json(body).send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{SUCCESS}}}"#));
    let request = only_written(&gateway).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", list().as_str()));
    assert_eq!(request.url.query(), None);
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), body);
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(carries_token(&request));
}

async fn what_a_new_template_needs_is_told(place: Place) {
    let gateway = having(&place, json!([])).await;
    let valid = json!({ "name": "a", "category": "UTILITY", "language": "en", "components": [] });
    let name = "must be 1 to 512 small letters, digits or underscores";
    let cases = [
        ("name", json!("Order"), name),
        ("name", json!("a-b"), name),
        ("name", json!("x".repeat(513)), name),
        ("name", json!(""), "must not be empty"),
        ("name", Value::Null, "is required"),
        ("category", json!(""), "must not be empty"),
        ("category", json!(7), "must be a string"),
        ("language", Value::Null, "is required"),
        ("components", json!({}), "must be an array"),
        ("components", Value::Null, "is required"),
    ];
    for (field, value, message) in cases {
        let mut body = valid.clone();
        body[field] = value;
        let answer = gateway.post("/v2/templates", &body).send().await;
        answer.faults(&[(field, message)]);
    }
    let answer = gateway.post("/v2/templates", &json!({ "name": 7 })).send().await;
    answer.faults(&[
        ("name", "must be a string"),
        ("category", "is required"),
        ("language", "is required"),
        ("components", "is required"),
    ]);
    let answer = gateway.post("/v2/templates", &json!([valid])).send().await;
    answer.faults(&[("", "must be an object")]);
    let lone = r#"{"name":"a","category":"UTILITY","language":"en","components":["\ud800"]}"#;
    let answer = gateway.ask("POST", "/v2/templates").json(lone).send().await;
    answer.faults(&[("", "must be valid Unicode text, nested at most 128 deep")]);
    assert_eq!(gateway.meta.count().await, 0);

    let mut longest = valid;
    longest["name"] = "x".repeat(512).into();
    assert_eq!(gateway.post("/v2/templates", &longest).send().await.status, 200);
}

async fn a_template_is_edited_by_its_id(place: Place) {
    let gateway = having(&place, two_languages()).await;
    let body = r#"{"components":[ {"type":"BODY","text":"x","y":1.10} ],"category":"MARKETING"}"#;
    let answer = patch(&gateway, "/v2/templates/hello?language=de", body).send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{SUCCESS}}}"#));
    let request = only_written(&gateway).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/v23.0/72"));
    assert_eq!(std::str::from_utf8(&request.body).unwrap(), body);
    assert!(carries_token(&request));

    // The only language need not be named.
    let gateway = having(&place, json!([row("hello", "de", "72")])).await;
    assert_eq!(patch(&gateway, "/v2/templates/hello", body).send().await.status, 200);
    assert_eq!(only_written(&gateway).await.url.path(), "/v23.0/72");
}

async fn one_of_several_languages_must_be_named(place: Place) {
    let gateway = having(&place, two_languages()).await;
    let answer = patch(&gateway, "/v2/templates/hello", r#"{"components":[]}"#).send().await;
    answer.faults(&[("language", "is required: hello exists in en_US, de")]);
    assert!(written(&gateway).await.is_empty());
}

async fn a_change_is_an_object_with_something_in_it(place: Place) {
    let gateway = having(&place, two_languages()).await;
    for (body, path, message) in [
        ("{}", "", "must have at least one member, such as components"),
        ("[]", "", "must be an object"),
        (r#"{"components":{}}"#, "components", "must be an array"),
        (r#"{"category":7}"#, "category", "must be a string"),
    ] {
        let answer = patch(&gateway, "/v2/templates/hello?language=de", body).send().await;
        answer.faults(&[(path, message)]);
    }
    assert_eq!(gateway.meta.count().await, 0);
    let other = r#"{"message_send_ttl_seconds":60}"#;
    let answer = patch(&gateway, "/v2/templates/hello?language=de", other).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn all_languages_of_a_name_are_deleted_or_one(place: Place) {
    for (target, query) in [
        ("/v2/templates/hello", "name=hello"),
        ("/v2/templates/hello?language=de", "name=hello&hsm_id=72"),
    ] {
        let gateway = having(&place, two_languages()).await;
        let answer = gateway.ask("DELETE", target).send().await;
        answer.is(200, &format!(r#"{{"success":true,"data":{SUCCESS}}}"#));
        let request = only_written(&gateway).await;
        assert_eq!((request.method.as_str(), request.url.path()), ("DELETE", list().as_str()));
        assert_eq!(request.url.query(), Some(query));
        assert!(request.body.is_empty() && carries_token(&request));
    }
}

async fn what_is_not_there_is_not_found_and_nothing_is_written(place: Place) {
    let gateway = having(&place, two_languages()).await;
    for name in
        ["hell", "hello_", "Hello", "hello?language=en", "hello?language=DE", "%ff", "a%2fb"]
    {
        let target = format!("/v2/templates/{name}");
        let deleted = gateway.ask("DELETE", &target).send().await;
        deleted.refused(404, "NOT_FOUND", "Template not found");
        let edited = patch(&gateway, &target, r#"{"components":[]}"#).send().await;
        edited.refused(404, "NOT_FOUND", "Template not found");
    }
    let twice = gateway.ask("DELETE", "/v2/templates/hello?language=de&language=en").send().await;
    twice.faults(&[("language", "must be given only once")]);
    // Left out it would mean all of them, so an empty one is hardly meant.
    let empty = gateway.ask("DELETE", "/v2/templates/hello?language=").send().await;
    empty.faults(&[("language", "must not be empty")]);
    let empty =
        patch(&gateway, "/v2/templates/hello?language=", r#"{"components":[]}"#).send().await;
    empty.faults(&[("language", "must not be empty")]);
    assert!(written(&gateway).await.is_empty());
}

async fn a_template_called_send_is_changed_on_the_path_that_sends(place: Place) {
    let gateway = having(&place, json!([row("send", "de", "72")])).await;
    let answer = patch(&gateway, "/v2/templates/send", r#"{"components":[]}"#).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(gateway.ask("DELETE", "/v2/templates/send").send().await.status, 200);
    let written = written(&gateway).await;
    assert_eq!(written[0].url.path(), "/v23.0/72");
    assert_eq!(written[1].url.query(), Some("name=send"));
}

async fn a_refusal_of_graphs_comes_back(place: Place) {
    let gateway = Gateway::start(&place).await;
    let refusal = r#"{"error":{"message":"Invalid parameter","code":100,"error_subcode":2388024}}"#;
    gateway.meta.answers("POST", &list(), 400, refusal).await;
    let body = json!({ "name": "a", "category": "UTILITY", "language": "en", "components": [] });
    let answer = gateway.post("/v2/templates", &body).send().await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (500, Some("INTERNAL_ERROR")));
    assert_eq!(answer.json()["message"], "Invalid parameter");
    assert_eq!(answer.json()["details"]["outcome"], "rejected");
    assert_eq!(answer.json()["details"]["error"]["error_subcode"], 2_388_024);
}

async fn what_may_have_been_written_is_not_written_again(place: Place) {
    let body = json!({ "name": "a", "category": "UTILITY", "language": "en", "components": [] });
    for act in [
        Act::Answer(answer(500, "", "sorry")),
        Act::Answer(answer(200, "", "<html>")),
        Act::Reset(Vec::new()),
    ] {
        let wire = Wire::always(act).await;
        let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
        let answer = gateway.post("/v2/templates", &body).send().await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert_eq!(answer.json()["details"]["outcome"], "unknown");
        assert_eq!(wire.requests().len(), 1);
    }
}

async fn an_account_writes_to_its_own_waba_alone(place: Place) {
    let gateway = having(&place, two_languages()).await;
    let mut bob = somebody("bob");
    let whatsapp = bob.account.whatsapp.as_mut().unwrap();
    whatsapp.waba_id = crate::harness::graph_id("999");
    bob.account.phone_numbers.clear();
    gateway.join(&bob).await;
    gateway.meta.answers("GET", "/v23.0/999/message_templates", 200, r#"{"data":[]}"#).await;
    gateway.meta.answers("POST", "/v23.0/999/message_templates", 200, SUCCESS).await;
    let token = token_of("bob");
    let deleted = gateway.ask("DELETE", "/v2/templates/hello").token(&token).send().await;
    deleted.refused(404, "NOT_FOUND", "Template not found");
    let body = json!({
        "name": "a", "category": "UTILITY", "language": "en", "components": [], "wabaId": WABA,
    });
    let made = gateway.post("/v2/templates", &body).token(&token).send().await;
    assert_eq!(made.status, 200, "{}", made.text());
    let request = only_written(&gateway).await;
    assert_eq!(request.url.path(), "/v23.0/999/message_templates");
    let anonymous = gateway.post("/v2/templates", &body).anonymous().send().await;
    anonymous.refused(401, "UNAUTHORIZED", "Missing API token");
}
