//! The record of each message: what became of it, and who may ask.

use serde_json::{Value, json};

use crate::harness::{Gateway, NUMBER, Place, Setup, cases, somebody, token_of};

cases![
    a_send_leaves_a_record,
    a_refused_send_leaves_one_too,
    messages_are_listed_newest_first_page_by_page,
    a_list_can_be_narrowed,
    what_is_asked_for_must_make_sense,
    a_stranger_sees_nothing,
    a_stop_writes_what_is_still_to_be_written,
    only_keyed_sends_leave_a_record_if_none_is_wanted,
];

const TEXT: &str = "/v2/messages/send/text";
const WAMID: &str = "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI";

fn accepted(wamid: &str) -> String {
    json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "1", "wa_id": "15551234567" }],
        "messages": [{ "id": wamid }],
    })
    .to_string()
}

async fn send(gateway: &Gateway, members: Value) -> String {
    let mut body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let sent = gateway.post(TEXT, &body).send().await;
    sent.header("x-message-id").unwrap().to_owned()
}

async fn ready(place: &Place) -> Gateway {
    let gateway = Gateway::start(place).await;
    let path = format!("/v23.0/{NUMBER}/messages");
    gateway.meta.answers("POST", &path, 200, &accepted(WAMID)).await;
    gateway
}

/// It is written behind the answer, and yet there for who asks at once.
async fn record(gateway: &Gateway, id: &str) -> Value {
    let answer = gateway.get(&format!("/v2/messages/{id}")).send().await;
    assert_eq!(answer.status, 200);
    answer.data()
}

async fn a_send_leaves_a_record(place: Place) {
    let gateway = ready(&place).await;
    let id = send(&gateway, json!({ "reference": "order-7" })).await;
    let known = record(&gateway, &id).await;
    let expected = json!({
        "id": id,
        "wamid": WAMID,
        "phoneNumberId": NUMBER,
        "to": "15551234567",
        "waId": "15551234567",
        "kind": "text",
        "reference": "order-7",
        "status": "accepted",
        "outcome": "accepted",
        "createdAt": known["createdAt"],
        "sentAt": null,
        "deliveredAt": null,
        "readAt": null,
        "failedAt": null,
    });
    assert_eq!(known, expected);
    assert_eq!(record(&gateway, WAMID).await, known);
}

async fn a_refused_send_leaves_one_too(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let refusal = r#"{"error":{"message":"no","code":131026}}"#;
    gateway.meta.answers("POST", &path, 400, refusal).await;
    let id = send(&gateway, json!({})).await;
    let known = record(&gateway, &id).await;
    assert_eq!((&known["status"], &known["outcome"]), (&json!("rejected"), &json!("rejected")));
    assert_eq!(known["error"]["code"], 131_026);
    assert_eq!(known["wamid"], Value::Null);
}

async fn messages_are_listed_newest_first_page_by_page(place: Place) {
    let gateway = ready(&place).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(send(&gateway, json!({})).await);
    }
    record(&gateway, ids.last().unwrap()).await;
    ids.reverse();
    let mut seen = Vec::new();
    let mut path = "/v2/messages?limit=2".to_owned();
    loop {
        let page = gateway.get(&path).send().await.data();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(after) = page["paging"]["cursors"]["after"].as_str() else { break };
        path = format!("/v2/messages?limit=2&after={after}");
    }
    assert_eq!(seen, ids);
}

async fn a_list_can_be_narrowed(place: Place) {
    let gateway = ready(&place).await;
    let one = send(&gateway, json!({ "reference": "a" })).await;
    let two = send(&gateway, json!({ "reference": "b", "to": "+1 (555) 000-1111" })).await;
    record(&gateway, &one).await;
    record(&gateway, &two).await;
    let ids = async |query: &str| {
        let list = gateway.get(&format!("/v2/messages?{query}")).send().await.data();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("reference=a").await, std::slice::from_ref(&one));
    assert_eq!(ids("to=15550001111").await, std::slice::from_ref(&two));
    assert_eq!(ids("to=%2B1%20555%20000%201111").await, std::slice::from_ref(&two));
    assert_eq!(ids("status=accepted").await, [two.clone(), one.clone()]);
    assert_eq!(ids("status=read").await, [""; 0]);
    assert_eq!(ids(&format!("phoneNumberId={NUMBER}&reference=b")).await, [two]);
}

async fn what_is_asked_for_must_make_sense(place: Place) {
    let gateway = ready(&place).await;
    let statuses = "must be one of pending, accepted, sent, delivered, read, played, failed, \
                    rejected, unknown";
    gateway.get("/v2/messages?status=lost").send().await.faults(&[("status", statuses)]);
    let limit = "must be a whole number from 1 to 100";
    gateway.get("/v2/messages?limit=0").send().await.faults(&[("limit", limit)]);
    let id = "must be an id of Meta's";
    gateway.get("/v2/messages?phoneNumberId=me").send().await.faults(&[("phoneNumberId", id)]);
    gateway
        .get("/v2/messages?after=me")
        .send()
        .await
        .faults(&[("after", "must be the cursor of a page")]);
    for filter in ["reference", "to", "status", "phoneNumberId"] {
        let answer = gateway.get(&format!("/v2/messages?{filter}=")).send().await;
        answer.faults(&[(filter, "must not be empty")]);
    }
    for unknown in ["nothing", "..%2fme", "%00", "%ff"] {
        let answer = gateway.get(&format!("/v2/messages/{unknown}")).send().await;
        answer.refused(404, "NOT_FOUND", "Message not found");
    }
}

async fn a_stranger_sees_nothing(place: Place) {
    let gateway = ready(&place).await;
    let id = send(&gateway, json!({ "reference": "a" })).await;
    record(&gateway, &id).await;
    gateway.join(&somebody("bob")).await;
    let bob = token_of("bob");
    for known in [id.as_str(), WAMID] {
        let answer = gateway.get(&format!("/v2/messages/{known}")).token(&bob).send().await;
        answer.refused(404, "NOT_FOUND", "Message not found");
    }
    for query in ["", "?reference=a", &format!("?after={id}")] {
        let list = gateway.get(&format!("/v2/messages{query}")).token(&bob).send().await;
        assert_eq!(list.data()["items"], json!([]));
    }
}

async fn a_stop_writes_what_is_still_to_be_written(place: Place) {
    let mut gateway = ready(&place).await;
    let id = send(&gateway, json!({})).await;
    gateway.stop();
    gateway.stopped().await;
    let again = Gateway::start(&place).await;
    assert_eq!(again.get(&format!("/v2/messages/{id}")).send().await.status, 200);
}

async fn only_keyed_sends_leave_a_record_if_none_is_wanted(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.records.record_messages = false;
    let gateway = setup.start().await;
    let plain = send(&gateway, json!({})).await;
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    let keyed = gateway.post(TEXT, &body).header("Idempotency-Key", "one").send().await;
    let keyed = keyed.header("x-message-id").unwrap().to_owned();
    let mut gateway = gateway;
    gateway.stop();
    // Whatever was to be written is written now.
    gateway.stopped().await;
    let again = Gateway::start(&place).await;
    assert_eq!(again.get(&format!("/v2/messages/{keyed}")).send().await.status, 200);
    assert_eq!(again.get(&format!("/v2/messages/{plain}")).send().await.status, 404);
}
