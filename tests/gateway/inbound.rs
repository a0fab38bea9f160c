//! Meta's webhooks to us: who may post, what is stored, and that a 200 means stored.

use std::fmt::Write as _;

use avenping_gateway::model::{
    AccountId, FlowSnapshot, MessageId, MessageRecord, SendOutcome, SendResult,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{
    APP_SECRET, Answer, Gateway, NOW, NUMBER, Place, VERIFY_TOKEN, WABA, at, cases, eventually,
    graph_id,
};

cases![
    the_handshake_answers_only_the_agreed_word,
    a_post_without_metas_signature_is_refused,
    a_status_moves_the_record_forward_and_never_back,
    a_time_that_cannot_be_is_not_believed,
    a_status_that_comes_before_its_record_is_not_lost,
    a_failure_stands_beside_what_was_reached,
    who_hears_of_a_status_hears_by_which_name_the_message_was_sent,
    an_unknown_send_is_resolved_by_its_status,
    a_form_has_as_many_recipients_as_people_who_got_it,
    what_is_no_envelope_is_taken_and_kept,
    a_bad_entry_does_not_spoil_the_others,
    a_sender_is_new_once_whatever_meta_shows_of_them,
    a_change_that_happens_again_is_told_again_and_a_repeat_is_not,
    without_the_store_meta_has_to_come_again,
];

const WAMID: &str = "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI";

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().fold("sha256=".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// As Meta would send it.
pub(crate) async fn post(gateway: &Gateway, body: &str) -> Answer {
    let ask = gateway.ask("POST", "/webhooks/meta").anonymous().json(body);
    ask.header("X-Hub-Signature-256", signature(body.as_bytes())).send().await
}

pub(crate) fn envelope(value: &Value) -> Value {
    let mut value = value.clone();
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({ "display_phone_number": "1", "phone_number_id": NUMBER });
    json!({ "object": "whatsapp_business_account", "entry": [
        { "id": "102290129340398", "changes": [{ "field": "messages", "value": value }] },
    ] })
}

pub(crate) fn status(wamid: &str, name: &str, at: i64) -> Value {
    json!({ "id": wamid, "status": name, "timestamp": at.to_string(), "recipient_id": "15551234567" })
}

async fn tell(gateway: &Gateway, statuses: Value) {
    let answer = post(gateway, &envelope(&json!({ "statuses": statuses })).to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

async fn send(gateway: &Gateway) -> String {
    let accepted = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": "1", "wa_id": "1" }],
        "messages": [{ "id": WAMID }],
    });
    let path = format!("/v23.0/{NUMBER}/messages");
    gateway.meta.answers("POST", &path, 200, &accepted.to_string()).await;
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    let sent = gateway.post("/v2/messages/send/text", &body).send().await;
    sent.header("x-message-id").unwrap().to_owned()
}

async fn known(gateway: &Gateway, id: &str) -> Value {
    let path = format!("/v2/messages/{id}");
    eventually("it is recorded", async || gateway.get(&path).send().await.status == 200).await;
    gateway.get(&path).send().await.data()
}

async fn the_handshake_answers_only_the_agreed_word(place: Place) {
    let gateway = Gateway::start(&place).await;
    let ask = async |mode: &str, token: &str| {
        let query = format!("hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444");
        gateway.get(&format!("/webhooks/meta?{query}")).anonymous().send().await
    };
    let agreed = ask("subscribe", VERIFY_TOKEN).await;
    assert_eq!((agreed.status, agreed.text()), (200, "1158201444"));
    assert_eq!(agreed.header("content-type"), Some("text/plain; charset=utf-8"));
    for (mode, token) in [("subscribe", "wrong"), ("subscribe", ""), ("unsubscribe", VERIFY_TOKEN)]
    {
        ask(mode, token).await.refused(403, "FORBIDDEN", "The handshake is refused");
    }
}

async fn a_post_without_metas_signature_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = envelope(&json!({ "statuses": [status(WAMID, "sent", 1)] })).to_string();
    let bare = || gateway.ask("POST", "/webhooks/meta").anonymous().json(&body);
    let wrong = signature(b"another body");
    let refused = "The signature is missing or wrong";
    bare().send().await.refused(401, "UNAUTHORIZED", refused);
    let wrong = bare().header("X-Hub-Signature-256", wrong).send().await;
    wrong.refused(401, "UNAUTHORIZED", refused);
    let twice = bare()
        .header("X-Hub-Signature-256", signature(body.as_bytes()))
        .header("X-Hub-Signature-256", signature(body.as_bytes()));
    twice.send().await.refused(401, "UNAUTHORIZED", refused);
}

async fn a_status_moves_the_record_forward_and_never_back(place: Place) {
    let gateway = Gateway::start(&place).await;
    let id = send(&gateway).await;
    known(&gateway, &id).await;
    tell(&gateway, json!([status(WAMID, "read", 1_700_000_030)])).await;
    tell(
        &gateway,
        json!([status(WAMID, "sent", 1_700_000_010), status(WAMID, "delivered", 1_700_000_020)]),
    )
    .await;
    let now = known(&gateway, &id).await;
    assert_eq!(now["status"], "read");
    assert_eq!(now["sentAt"], "2023-11-14T22:13:30.000Z");
    assert_eq!(now["deliveredAt"], "2023-11-14T22:13:40.000Z");
    assert_eq!(now["readAt"], "2023-11-14T22:13:50.000Z");
}

async fn a_time_that_cannot_be_is_not_believed(place: Place) {
    let gateway = Gateway::start(&place).await;
    let id = send(&gateway).await;
    known(&gateway, &id).await;
    for (name, at) in [
        ("sent", i64::MAX),
        ("delivered", 99_999_999_999),
        ("read", NOW + 25 * 3_600_000),
        ("played", -1),
    ] {
        tell(&gateway, json!([status(WAMID, name, at)])).await;
    }
    let now = known(&gateway, &id).await;
    assert_eq!(now["status"], "played");
    for time in ["sentAt", "deliveredAt", "readAt"] {
        assert_eq!(now[time], "2027-01-15T08:00:00.000Z", "{time}");
    }
}

async fn a_status_that_comes_before_its_record_is_not_lost(place: Place) {
    let gateway = Gateway::start(&place).await;
    // One that is older than Meta repeats statuses is not kept.
    tell(&gateway, json!([status(WAMID, "delivered", NOW / 1_000 - 60)])).await;
    let id = send(&gateway).await;
    assert_eq!(known(&gateway, &id).await["status"], "delivered");
}

async fn who_hears_of_a_status_hears_by_which_name_the_message_was_sent(place: Place) {
    let gateway = Gateway::start(&place).await;
    let wanted = json!({ "webhookUrl": "https://203.0.113.1", "events": ["messageStatus"] });
    let refused = gateway.post("/v2/webhooks/config", &wanted).send().await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    listen_to(&gateway, &["messageStatus"]).await;
    send(&gateway).await;
    let body = json!({
        "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi", "reference": "order \"7\"",
    });
    let path = format!("/v23.0/{NUMBER}/messages");
    gateway.meta.forget().await;
    let accepted = json!({ "messages": [{ "id": "wamid.NAMED" }] }).to_string();
    gateway.meta.answers("POST", &path, 200, &accepted).await;
    let sent = gateway.post("/v2/messages/send/text", &body).send().await;
    // Meta is faster than the record of the send.
    tell(&gateway, json!([status("wamid.NAMED", "sent", 17)])).await;
    known(&gateway, sent.header("x-message-id").unwrap()).await;
    known(&gateway, WAMID).await;

    tell(&gateway, json!([status(WAMID, "sent", 17), status("wamid.NAMED", "read", 18)])).await;
    // Whoever holds them now lets go of them then.
    let then = at(NOW + 600_000);
    let mut bodies = Vec::new();
    eventually("all are there", async || {
        let lease = at(NOW + 700_000);
        let claimed = gateway.store.claim_deliveries(then, lease, 10, 10).await.unwrap();
        bodies.extend(claimed.into_iter().map(|claimed| claimed.body));
        bodies.len() == 3
    })
    .await;
    bodies.sort();
    let named = |name, at| {
        let status = status("wamid.NAMED", name, at);
        format!(r#"{{"messageStatus":{status},"reference":"order \"7\""}}"#)
    };
    assert_eq!(
        bodies,
        [
            format!(r#"{{"messageStatus":{}}}"#, status(WAMID, "sent", 17)),
            named("read", 18),
            named("sent", 17),
        ]
    );
}

async fn a_failure_stands_beside_what_was_reached(place: Place) {
    let gateway = Gateway::start(&place).await;
    let id = send(&gateway).await;
    known(&gateway, &id).await;
    let mut failed = status(WAMID, "failed", 1_700_000_040);
    failed["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    tell(&gateway, json!([failed])).await;
    let now = known(&gateway, &id).await;
    assert_eq!(now["status"], "failed");
    assert_eq!(now["error"]["code"], 131_026);
    assert_eq!(now["failedAt"], "2023-11-14T22:14:00.000Z");
    tell(&gateway, json!([status(WAMID, "delivered", 1_700_000_050)])).await;
    let now = known(&gateway, &id).await;
    assert_eq!((&now["status"], &now["error"]["code"]), (&json!("delivered"), &json!(131_026)));
}

async fn an_unknown_send_is_resolved_by_its_status(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let broken = r#"{"error":{"message":"no","code":131000}}"#;
    gateway.meta.answers("POST", &path, 500, broken).await;
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    let keyed = || gateway.post("/v2/messages/send/text", &body).header("Idempotency-Key", "k");
    let first = keyed().send().await;
    assert_eq!(first.json()["details"]["outcome"], "unknown");
    let id = first.header("x-message-id").unwrap();
    assert_eq!(known(&gateway, id).await["error"]["code"], 131_000);
    let mut sent = status(WAMID, "sent", 1_700_000_010);
    sent["biz_opaque_callback_data"] = id.into();
    tell(&gateway, json!([sent])).await;

    let again = keyed().send().await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(again.data()["messages"][0]["id"], WAMID);
    assert_eq!(again.data()["contacts"][0]["wa_id"], "15551234567");
    let now = known(&gateway, id).await;
    assert_eq!((&now["status"], &now["wamid"]), (&json!("sent"), &json!(WAMID)));
    assert!(now.get("error").is_none(), "{now}");
    assert_eq!(gateway.meta.count().await, 1);
}

/// A message with a form, as far as the record goes.
fn with_form(account: &AccountId, to: &str, wamid: &str) -> MessageRecord {
    let wamid = Some(wamid.to_owned());
    MessageRecord {
        id: MessageId::generate(),
        account: account.clone(),
        phone_number: graph_id(NUMBER),
        to: to.to_owned(),
        kind: "flow".to_owned(),
        reference: None,
        form: Some("4711".to_owned()),
        created_at: at(NOW),
        result: Some(SendResult { outcome: SendOutcome::Accepted, wamid, wa_id: None }),
        progress: None,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error: None,
    }
}

async fn a_form_has_as_many_recipients_as_people_who_got_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    let id = gateway.store.account("ada@example.com").await.unwrap().unwrap().id;
    let form = FlowSnapshot {
        id: graph_id("4711"),
        name: "Lead".to_owned(),
        status: "PUBLISHED".to_owned(),
        validation: "[]".to_owned(),
    };
    gateway.store.save_flows(&id, &[form], at(NOW)).await.unwrap();
    let records =
        [with_form(&id, "15551234567", "wamid.1"), with_form(&id, "15557654321", "wamid.2")];
    gateway.store.record_messages(&records).await.unwrap();
    let recipients = async || {
        let found = gateway.get("/v2/forms/search").send().await.data();
        found["items"][0]["_count"]["recipients"].as_i64().unwrap()
    };
    tell(&gateway, json!([status("wamid.1", "sent", 1_700_000_010)])).await;
    tell(&gateway, json!([status("wamid.1", "read", 1_700_000_020)])).await;
    assert_eq!(recipients().await, 1);

    let answer = |key: &str, interactive: Value| {
        json!({
            "id": key, "from": "15557654321", "timestamp": "1700000030", "type": "interactive",
            "context": { "from": "15550783881", "id": "wamid.2" }, "interactive": interactive,
        })
    };
    let button = json!({ "type": "button_reply", "button_reply": { "id": "1", "title": "Yes" } });
    let filled_in = json!({ "type": "nfm_reply",
        "nfm_reply": { "name": "flow", "body": "Sent", "response_json": "{}" } });
    for (key, interactive, counted) in
        [("wamid.a", button, 1), ("wamid.b", filled_in.clone(), 2), ("wamid.c", filled_in, 2)]
    {
        let body = envelope(&json!({ "messages": [answer(key, interactive)] })).to_string();
        assert_eq!(post(&gateway, &body).await.status, 200);
        assert_eq!(recipients().await, counted, "{key}");
    }
}

async fn what_is_no_envelope_is_taken_and_kept(place: Place) {
    let gateway = Gateway::start(&place).await;
    for body in ["nonsense", "[]", r#"{"object":"page","entry":[]}"#, "{}"] {
        assert_eq!(post(&gateway, body).await.status, 200, "{body}");
    }
}

async fn a_bad_entry_does_not_spoil_the_others(place: Place) {
    let gateway = Gateway::start(&place).await;
    let id = send(&gateway).await;
    known(&gateway, &id).await;
    let mut body = envelope(&json!({ "statuses": [7, { "id": 1 }, status(WAMID, "sent", 1)] }));
    body["entry"].as_array_mut().unwrap().insert(0, json!({ "changes": "none" }));
    assert_eq!(post(&gateway, &body.to_string()).await.status, 200);
    assert_eq!(known(&gateway, &id).await["status"], "sent");
}

/// What the account is told from now on; the address leads nowhere, so it stays to be looked at.
async fn listen_to(gateway: &Gateway, events: &[&str]) {
    let wanted = json!({ "webhookUrl": "https://hook.invalid", "events": events });
    assert_eq!(gateway.post("/v2/webhooks/config", &wanted).send().await.status, 200);
}

/// The events that the account is told, oldest first.
async fn told(gateway: &Gateway) -> Vec<Value> {
    let list = gateway.get("/v2/webhooks/deliveries").send().await.data();
    list["items"].as_array().unwrap().iter().rev().map(|item| item["event"].clone()).collect()
}

async fn a_sender_is_new_once_whatever_meta_shows_of_them(place: Place) {
    let gateway = Gateway::start(&place).await;
    listen_to(&gateway, &["newLead"]).await;
    for sender in [
        json!({ "from": "15551234567" }),
        json!({ "from": "15551234567", "from_user_id": "US.1" }),
        json!({ "from_user_id": "US.1" }),
    ] {
        let mut message = json!({ "id": format!("wamid.{sender}"), "type": "text" });
        message.as_object_mut().unwrap().extend(sender.as_object().unwrap().clone());
        let body = envelope(&json!({ "messages": [message] })).to_string();
        assert_eq!(post(&gateway, &body).await.status, 200);
    }
    assert_eq!(told(&gateway).await, ["newLead"]);
}

async fn a_change_that_happens_again_is_told_again_and_a_repeat_is_not(place: Place) {
    let gateway = Gateway::start(&place).await;
    listen_to(&gateway, &["metaEvent"]).await;
    for (event, time) in [("APPROVED", 1), ("PAUSED", 2), ("APPROVED", 3), ("APPROVED", 3)] {
        let value = json!({ "event": event, "message_template_id": 4711 });
        let change = json!({ "field": "message_template_status_update", "value": value });
        let entry = json!({ "id": WABA, "time": time, "changes": [change] });
        let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string();
        assert_eq!(post(&gateway, &body).await.status, 200);
    }
    assert_eq!(told(&gateway).await, ["metaEvent", "metaEvent", "metaEvent"]);
}

async fn without_the_store_meta_has_to_come_again(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.store.close().await;
    let body = envelope(&json!({ "statuses": [status(WAMID, "sent", 1)] })).to_string();
    let refused = post(&gateway, &body).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
}
