//! Sends with an `Idempotency-Key`: once, whatever the caller and Graph do.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, NUMBER, Place, Setup, Wire, answer, cases, eventually,
    somebody, token_of,
};

cases![
    a_repeated_key_gets_the_same_answer_and_sends_nothing,
    the_same_body_written_otherwise_is_the_same_request,
    another_request_under_the_same_key_is_refused,
    of_twenty_at_once_one_is_sent,
    two_gateways_on_one_database_send_once,
    a_running_key_is_a_conflict,
    a_refusal_of_graphs_is_replayed,
    what_was_not_sent_may_be_sent_again_under_its_key,
    an_unknown_outcome_is_never_sent_again,
    a_fault_of_the_request_claims_nothing,
    a_caller_that_goes_away_leaves_its_answer_behind,
    a_key_is_the_accounts_own,
    a_key_has_a_form,
    a_send_carries_its_id_only_with_a_key,
];

const TEXT: &str = "/v2/messages/send/text";

fn text() -> Value {
    json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" })
}

fn keyed(gateway: &Gateway, key: &str) -> Ask {
    gateway.post(TEXT, &text()).header("Idempotency-Key", key)
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

async fn a_repeated_key_gets_the_same_answer_and_sends_nothing(place: Place) {
    let gateway = Gateway::start(&place).await;
    let first = keyed(&gateway, "order-1").send().await;
    first.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
    assert!(!is_replay(&first));
    let again = keyed(&gateway, "\"order-1\"").send().await;
    again.is(200, first.text());
    assert!(is_replay(&again));
    assert_eq!(again.header("x-message-id"), first.header("x-message-id"));
    assert_eq!(gateway.meta.count().await, 1);
}

async fn the_same_body_written_otherwise_is_the_same_request(place: Place) {
    let gateway = Gateway::start(&place).await;
    keyed(&gateway, "k").send().await;
    let other = format!(
        "{{ \"text\": \"\\u0048i\", \"to\":\"15551234567\",\n \"phoneNumberId\":\"{NUMBER}\"}}"
    );
    let again = gateway.ask("POST", TEXT).json(&other).header("Idempotency-Key", "k").send().await;
    assert!(is_replay(&again));
    assert_eq!(gateway.meta.count().await, 1);
}

async fn another_request_under_the_same_key_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    keyed(&gateway, "k").send().await;
    let mut body = text();
    body["text"] = "Bye".into();
    let other = gateway.post(TEXT, &body).header("Idempotency-Key", "k").send().await;
    let message = "This Idempotency-Key was used for another request";
    other.refused(422, "IDEMPOTENCY_KEY_REUSED", message);
    let path = gateway.post("/v2/messages/send", &text()).header("Idempotency-Key", "k");
    path.send().await.refused(422, "IDEMPOTENCY_KEY_REUSED", message);
    assert_eq!(gateway.meta.count().await, 1);
}

async fn of_twenty_at_once_one_is_sent(place: Place) {
    let gateway = Gateway::start(&place).await;
    let answers = join_all((0..20).map(|_| keyed(&gateway, "k").send())).await;
    let first = answers.iter().filter(|a| a.status == 200 && !is_replay(a)).count();
    assert_eq!(first, 1);
    assert!(answers.iter().all(|a| a.status == 200 || a.status == 409), "{answers:?}");
    assert_eq!(gateway.meta.count().await, 1);
}

async fn two_gateways_on_one_database_send_once(place: Place) {
    let wire = Wire::always(Act::Answer(answer(200, "", ACCEPTED))).await;
    let one = Setup::new(&place).await.graph(&wire.url()).start().await;
    let two = Setup::new(&place).await.graph(&wire.url()).start().await;
    let asks = (0..20).map(|n| keyed(if n % 2 == 0 { &one } else { &two }, "k").send());
    let answers = join_all(asks).await;
    assert!(answers.iter().all(|a| a.status == 200 || a.status == 409), "{answers:?}");
    assert!(is_replay(&keyed(&two, "k").send().await));
    assert_eq!(wire.requests().len(), 1);
}

async fn a_running_key_is_a_conflict(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let running = tokio::spawn(keyed(&gateway, "k").send());
    eventually("Graph is asked", async || wire.requests().len() == 1).await;
    let second = keyed(&gateway, "k").send().await;
    let message = "A request with this Idempotency-Key is still running";
    second.refused(409, "IDEMPOTENCY_IN_PROGRESS", message);
    assert_eq!(second.header("retry-after"), Some("1"));
    wire.tell();
    assert_eq!(running.await.unwrap().status, 200);
    assert!(is_replay(&keyed(&gateway, "k").send().await));
}

async fn a_refusal_of_graphs_is_replayed(place: Place) {
    let gateway = Gateway::start(&place).await;
    let refusal = r#"{"error":{"message":"no","code":131026}}"#;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 400, refusal).await;
    let first = keyed(&gateway, "k").send().await;
    assert_eq!(first.json()["details"]["outcome"], "rejected");
    let again = keyed(&gateway, "k").send().await;
    again.is(500, first.text());
    assert!(is_replay(&again));
    assert_eq!(gateway.meta.count().await, 1);
}

async fn what_was_not_sent_may_be_sent_again_under_its_key(place: Place) {
    let gateway = Gateway::start(&place).await;
    let throttled = r#"{"error":{"message":"slow down","code":130429}}"#;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 400, throttled).await;
    let first = keyed(&gateway, "k").send().await;
    assert_eq!(first.json()["details"]["outcome"], "not_sent");
    assert!(first.header("retry-after").is_some());
    gateway.meta.forget().await;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, ACCEPTED).await;
    let again = keyed(&gateway, "k").send().await;
    assert_eq!((again.status, is_replay(&again)), (200, false));
}

async fn an_unknown_outcome_is_never_sent_again(place: Place) {
    let wire = Wire::start([
        Act::Answer(answer(500, "", "<html>sorry</html>")),
        Act::Answer(answer(200, "", ACCEPTED)),
    ])
    .await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let first = keyed(&gateway, "k").send().await;
    assert_eq!(first.json()["details"]["outcome"], "unknown");
    let again = keyed(&gateway, "k").send().await;
    again.is(500, first.text());
    assert!(is_replay(&again));
    assert_eq!(wire.requests().len(), 1);
}

async fn a_fault_of_the_request_claims_nothing(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut faulty = text();
    faulty["to"] = "nobody".into();
    let refused = gateway.post(TEXT, &faulty).header("Idempotency-Key", "k").send().await;
    refused.faults(&[("to", "must have 1 to 20 digits")]);
    let sent = keyed(&gateway, "k").send().await;
    assert_eq!((sent.status, is_replay(&sent)), (200, false));
}

async fn a_caller_that_goes_away_leaves_its_answer_behind(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let mut caller = gateway.connect().await;
    caller.write(&keyed(&gateway, "k").bytes()).await;
    eventually("Graph is asked", async || wire.requests().len() == 1).await;
    drop(caller);
    wire.tell();
    eventually("the answer is kept", async || is_replay(&keyed(&gateway, "k").send().await)).await;
    assert_eq!(wire.requests().len(), 1);
}

async fn a_key_is_the_accounts_own(place: Place) {
    let gateway = Gateway::start(&place).await;
    keyed(&gateway, "k").send().await;
    gateway.join(&somebody("bob")).await;
    let token = token_of("bob");
    let me = gateway.get("/v2/me").token(&token).send().await;
    let number = me.data()["phoneNumberIds"][0].as_str().unwrap().to_owned();
    gateway.meta.answers("POST", &format!("/v23.0/{number}/messages"), 200, ACCEPTED).await;
    let body = json!({ "phoneNumberId": number, "to": "15551234567", "text": "Hi" });
    let sent = gateway.post(TEXT, &body).token(&token).header("Idempotency-Key", "k").send().await;
    assert_eq!((sent.status, is_replay(&sent)), (200, false));
}

async fn a_key_has_a_form(place: Place) {
    let gateway = Gateway::start(&place).await;
    let long = "k".repeat(256);
    for wrong in ["", "\"\"", "two words", "schl\u{fc}ssel", long.as_str()] {
        let refused = keyed(&gateway, wrong).send().await;
        let rule = "must be 1 to 255 visible ASCII characters";
        refused.faults(&[("Idempotency-Key", rule)]);
    }
    let twice = keyed(&gateway, "a").header("Idempotency-Key", "a").send().await;
    twice.faults(&[("Idempotency-Key", "must be given only once")]);
    assert_eq!(gateway.meta.count().await, 0);
    assert_eq!(keyed(&gateway, &"k".repeat(255)).send().await.status, 200);
    assert_eq!(gateway.get("/v2/me").header("Idempotency-Key", "").send().await.status, 200);
}

async fn a_send_carries_its_id_only_with_a_key(place: Place) {
    let gateway = Gateway::start(&place).await;
    let plain = gateway.post(TEXT, &text()).send().await;
    assert!(plain.header("x-message-id").is_some());
    assert!(gateway.meta.last_body().await.get("biz_opaque_callback_data").is_none());
    let sent = keyed(&gateway, "k").send().await;
    let carried = gateway.meta.last_body().await["biz_opaque_callback_data"].clone();
    assert_eq!(carried.as_str(), sent.header("x-message-id"));
}
