//! Messages in Meta's shape: what goes up, what comes back, and what is kept of them.

use serde_json::{Value, json};

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, NUMBER, Place, Setup, Wire, answer, cases, eventually,
};
use crate::inbound;
use crate::metas::{SHAPES, failed, of_number, of_waba, refused};

cases![
    a_body_goes_up_byte_for_byte_and_so_does_the_answer_come_back,
    a_keyed_send_carries_its_id_unless_the_caller_set_the_member,
    a_repeated_key_gets_the_same_answer_and_sends_nothing,
    a_key_is_for_one_request_on_one_path,
    a_running_key_is_a_conflict,
    a_refusal_of_graphs_is_replayed_as_graph_said_it,
    an_unknown_outcome_is_replayed_until_a_status_tells,
    a_message_leaves_a_record,
    a_receiver_is_kept_as_meta_is_told,
    a_mark_leaves_no_record_and_may_be_repeated,
    a_template_that_cannot_be_right_is_refused_in_metas_words,
    a_template_of_which_little_is_said_goes_up,
];

const WAMID: &str = "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI";

fn text() -> Value {
    json!({
        "messaging_product": "whatsapp", "to": "15551234567", "type": "text",
        "text": { "body": "Hi" },
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = text();
    body[name] = value;
    body
}

fn send(gateway: &Gateway, shape: &str, body: &Value) -> Ask {
    gateway.post(&of_number(shape, "messages"), body)
}

fn keyed(gateway: &Gateway, shape: &str, key: &str) -> Ask {
    send(gateway, shape, &text()).header("Idempotency-Key", key)
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

async fn record(gateway: &Gateway, answer: &Answer) -> Value {
    let path = format!("/v2/messages/{}", answer.header("x-message-id").unwrap());
    eventually("it is recorded", async || gateway.get(&path).send().await.status == 200).await;
    gateway.get(&path).send().await.data()
}

async fn a_body_goes_up_byte_for_byte_and_so_does_the_answer_come_back(place: Place) {
    let gateway = Gateway::start(&place).await;
    for body in [
        r#"{"messaging_product":"whatsapp","to":"+1 (555) 123-4567","text":{"body":"Hi","preview_url":null}}"#,
        "{ \"to\" : \"1\",\r\n\t\"type\":\"location\", \"location\":{\"latitude\":\"37.50\",\"longitude\":-122.0} }",
        r#"{"to":"1","type":"location","location":{"latitude":1e1,"longitude":1.50}}"#,
        r#"{"of_tomorrow":[null,1.0,{"a":"\u0041\/"}],"to":15551234567,"type":"pin","pin":{}}"#,
        r#"{"recipient":"US.13491208655302741918","recipient_type":null,"type":"image","image":{"id":7}}"#,
        r#"{"to":"1","to":"2","status":null,"context":null,"text":{"body":"\ud83d\ude00 \u00e4"}}"#,
        "{}",
    ] {
        for shape in SHAPES {
            let answer = gateway.ask("POST", &of_number(shape, "messages")).json(body).send().await;
            answer.is(200, ACCEPTED);
            assert!(answer.header("x-message-id").is_some());
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let sent = gateway.meta.messages().await.pop().unwrap();
            assert_eq!(std::str::from_utf8(&sent.body).unwrap(), body);
            assert_eq!(sent.headers["content-type"], "application/json");
            assert_eq!((sent.url.path(), sent.url.query()), (&*of_number("", "messages"), None));
            assert!(crate::harness::carries_token(&sent));
        }
    }
    // Without a content type, and with one that says more.
    let bare = gateway.ask("POST", &of_number("", "messages")).body(text().to_string());
    assert_eq!(bare.clone().send().await.status, 200);
    let charset = bare.header("Content-Type", "application/json; charset=utf-8");
    assert_eq!(charset.send().await.status, 200);
}

async fn a_keyed_send_carries_its_id_unless_the_caller_set_the_member(place: Place) {
    let gateway = Gateway::start(&place).await;
    let carried = async || gateway.meta.last_body().await["biz_opaque_callback_data"].clone();
    let sent = keyed(&gateway, "", "free").send().await;
    assert_eq!(carried().await.as_str(), sent.header("x-message-id"));
    let body = gateway.meta.messages().await.pop().unwrap().body;
    assert!(body.starts_with(text().to_string().trim_end_matches('}').as_bytes()));

    let null = with("biz_opaque_callback_data", Value::Null);
    let sent = send(&gateway, "/api", &null).header("Idempotency-Key", "null").send().await;
    assert_eq!(carried().await.as_str(), sent.header("x-message-id"));

    let own = with("biz_opaque_callback_data", "order-7".into());
    for (key, shape) in [("own", ""), ("own-2", "/api")] {
        let sent = send(&gateway, shape, &own).header("Idempotency-Key", key).send().await;
        assert!(sent.header("x-message-id").is_some());
        let last = gateway.meta.messages().await.pop().unwrap();
        assert_eq!(last.body, own.to_string().into_bytes());
    }
}

async fn a_repeated_key_gets_the_same_answer_and_sends_nothing(place: Place) {
    let gateway = Gateway::start(&place).await;
    for shape in SHAPES {
        let key = format!("k{shape}");
        let first = keyed(&gateway, shape, &key).send().await;
        first.is(200, ACCEPTED);
        assert!(!is_replay(&first));
        let spaced = text().to_string().replace(':', " : ");
        let again = gateway.ask("POST", &of_number(shape, "messages")).json(&spaced);
        let again = again.header("Idempotency-Key", &key).send().await;
        again.is(200, ACCEPTED);
        assert!(is_replay(&again));
        assert_eq!(again.header("x-message-id"), first.header("x-message-id"));
    }
    assert_eq!(gateway.meta.count().await, 2);
}

async fn a_key_is_for_one_request_on_one_path(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(keyed(&gateway, "", "k").send().await.status, 200);
    let other = send(&gateway, "", &with("to", "1".into())).header("Idempotency-Key", "k");
    let error = refused(&other.send().await, 422, 100);
    assert_eq!(error["message"], "(#100) This Idempotency-Key was used for another request");
    refused(&keyed(&gateway, "/api", "k").send().await, 422, 100);
    for wrong in ["", "two words"] {
        let error = refused(&keyed(&gateway, "", wrong).send().await, 400, 100);
        let details = error["error_data"]["details"].as_str().unwrap().to_owned();
        assert!(details.starts_with("Idempotency-Key: must be 1 to 255"), "{details}");
    }
    assert_eq!(gateway.meta.count().await, 1);
}

async fn a_running_key_is_a_conflict(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let running = tokio::spawn(keyed(&gateway, "/api", "k").send());
    eventually("Graph is asked", async || wire.requests().len() == 1).await;
    let second = keyed(&gateway, "/api", "k").send().await;
    refused(&second, 409, 100);
    assert_eq!(second.header("retry-after"), Some("1"));
    wire.tell();
    running.await.unwrap().is(200, ACCEPTED);
    assert!(is_replay(&keyed(&gateway, "/api", "k").send().await));
    assert_eq!(wire.requests().len(), 1);
}

async fn a_refusal_of_graphs_is_replayed_as_graph_said_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    let refusal = r#"{"error":{"message":"no", "code":131026,"of_graph":1.0}}"#;
    gateway.meta.answers("POST", &of_number("", "messages"), 400, refusal).await;
    let first = keyed(&gateway, "", "k").send().await;
    first.is(400, refusal);
    let again = keyed(&gateway, "", "k").send().await;
    again.is(400, refusal);
    assert!(is_replay(&again));
    assert_eq!(gateway.meta.count().await, 1);

    // What provably went nowhere may go again.
    gateway.meta.forget().await;
    let slow = r#"{"error":{"message":"slow down","code":130429}}"#;
    gateway.meta.answers("POST", &of_number("", "messages"), 400, slow).await;
    let throttled = keyed(&gateway, "", "k2").send().await;
    throttled.is(400, slow);
    assert_eq!(throttled.header("retry-after"), Some("1"));
    gateway.meta.forget().await;
    gateway.meta.answers("POST", &of_number("", "messages"), 200, ACCEPTED).await;
    let again = keyed(&gateway, "", "k2").send().await;
    again.is(200, ACCEPTED);
    assert!(!is_replay(&again));
}

async fn an_unknown_outcome_is_replayed_until_a_status_tells(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("POST", &of_number("", "messages"), 500, "<html>").await;
    for shape in SHAPES {
        let key = format!("k{shape}");
        let first = keyed(&gateway, shape, &key).send().await;
        failed(&first, 502, "unknown");
        let again = keyed(&gateway, shape, &key).send().await;
        again.is(502, first.text());
        assert!(is_replay(&again));

        let id = first.header("x-message-id").unwrap();
        let wamid = format!("{WAMID}{}", shape.len());
        let mut sent = inbound::status(&wamid, "sent", 1_700_000_010);
        sent["biz_opaque_callback_data"] = id.into();
        let told = inbound::envelope(&json!({ "statuses": [sent] })).to_string();
        assert_eq!(inbound::post(&gateway, &told).await.status, 200);

        let resolved = keyed(&gateway, shape, &key).send().await;
        let expected = json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "15551234567", "wa_id": "15551234567" }],
            "messages": [{ "id": wamid }],
        });
        assert_eq!((resolved.status, resolved.json()), (200, expected));
        assert!(is_replay(&resolved));
        assert_eq!(resolved.header("x-message-id"), Some(id));
    }
    assert_eq!(gateway.meta.count().await, 2);
}

async fn a_message_leaves_a_record(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.forget().await;
    let accepted = json!({
        "messaging_product": "whatsapp", "contacts": [{ "input": "1", "wa_id": "15550" }],
        "messages": [{ "id": WAMID }],
    });
    gateway.meta.answers("POST", &of_number("", "messages"), 200, &accepted.to_string()).await;
    let own = with("biz_opaque_callback_data", "order-7".into());
    let answer = send(&gateway, "/api", &own).send().await;
    let known = record(&gateway, &answer).await;
    let expected = json!({
        "id": answer.header("x-message-id"),
        "wamid": WAMID,
        "phoneNumberId": NUMBER,
        "to": "15551234567",
        "waId": "15550",
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
    let found = gateway.get("/v2/messages?reference=order-7").send().await;
    assert_eq!(found.data()["items"][0]["id"], known["id"]);

    // A status of Meta's moves it on, as it does one of /v2.
    let mut delivered = inbound::status(WAMID, "delivered", 1_700_000_010);
    delivered["biz_opaque_callback_data"] = "order-7".into();
    let told = inbound::envelope(&json!({ "statuses": [delivered] })).to_string();
    assert_eq!(inbound::post(&gateway, &told).await.status, 200);
    assert_eq!(record(&gateway, &answer).await["status"], "delivered");

    gateway.meta.forget().await;
    let refusal = r#"{"error":{"message":"no","code":131026}}"#;
    gateway.meta.answers("POST", &of_number("", "messages"), 400, refusal).await;
    let answer = send(&gateway, "", &text()).send().await;
    let known = record(&gateway, &answer).await;
    assert_eq!((&known["status"], &known["error"]["code"]), (&json!("rejected"), &json!(131_026)));
}

async fn a_receiver_is_kept_as_meta_is_told(place: Place) {
    let gateway = Gateway::start(&place).await;
    let user = "US.13491208655302741918";
    let (long, kept) = ("x".repeat(200), "x".repeat(128));
    let cases = [
        (json!({ "to": "+1 (555) 123-4567" }), "15551234567"),
        (json!({ "to": 15_551_234_567_i64 }), "15551234567"),
        (json!({ "to": null, "recipient": user }), user),
        (json!({ "to": "1", "recipient": user }), "1"),
        (json!({ "to": "Y2FwaV9n", "recipient_type": "group" }), "Y2FwaV9n"),
        (json!({ "to": "me" }), "me"),
        (json!({ "to": long }), &kept),
        (json!({ "to": ["1"] }), ""),
        (json!({}), ""),
    ];
    for (mut body, to) in cases {
        body["text"] = json!({ "body": "Hi" });
        let answer = send(&gateway, "", &body).send().await;
        answer.is(200, ACCEPTED);
        let known = record(&gateway, &answer).await;
        assert_eq!((&known["to"], &known["kind"]), (&json!(to), &json!("text")), "{body}");
    }
    for (kind, name) in [
        (json!({ "type": "pin" }), "other"),
        (json!({ "type": "interactive" }), "interactive/other"),
        (
            json!({ "type": "interactive", "interactive": { "type": "order_details" } }),
            "interactive/other",
        ),
    ] {
        let answer = send(&gateway, "", &kind).send().await;
        assert_eq!(record(&gateway, &answer).await["kind"], name);
    }
}

async fn a_mark_leaves_no_record_and_may_be_repeated(place: Place) {
    const SUCCESS: &str = r#"{"success":true, "of_tomorrow":1.0}"#;
    let bodies = [
        r#"{"messaging_product":"whatsapp","status":"read", "message_id":"wamid.X"}"#,
        r#"{"status":"read","message_id":"wamid.X","typing_indicator":{"type":"text"},"to":null}"#,
    ];
    let wire = Wire::start([
        Act::Answer(answer(500, "", "<html>sorry</html>")),
        Act::Reset(Vec::new()),
        Act::Answer(answer(200, "", SUCCESS)),
    ])
    .await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    for body in bodies {
        for shape in SHAPES {
            let ask = gateway.ask("POST", &of_number(shape, "messages")).json(body);
            // A key changes nothing: twice is as good as once.
            for ask in [ask.clone().header("Idempotency-Key", "k"), ask] {
                let answer = ask.send().await;
                answer.is(200, SUCCESS);
                assert_eq!(answer.header("x-message-id"), None);
                assert!(!is_replay(&answer));
                let sent = wire.requests().pop().unwrap();
                assert!(sent.ends_with(&format!("\r\n\r\n{body}")), "{sent}");
            }
        }
    }
    assert_eq!(wire.requests().len(), 2 + 8);
    // The records are written in their order: once this one is there, an earlier one would be.
    wire.replace(2, Act::Answer(answer(200, "", ACCEPTED)));
    let sent = send(&gateway, "", &text()).send().await;
    record(&gateway, &sent).await;
    let listed = gateway.get("/v2/messages").send().await.data();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

fn template(name: &str, language: &str, parameters: usize) -> Value {
    let parameters: Value =
        (0..parameters).map(|_| json!({ "type": "text", "text": "x" })).collect();
    json!({
        "messaging_product": "whatsapp", "to": "15551234567", "type": "template",
        "template": {
            "name": name, "language": { "code": language },
            "components": [{ "type": "body", "parameters": parameters }],
        },
    })
}

async fn a_template_that_cannot_be_right_is_refused_in_metas_words(place: Place) {
    let gateway = Gateway::start(&place).await;
    let row = json!({
        "name": "shipped", "language": "en_US", "status": "APPROVED", "id": "7",
        "components": [{ "type": "BODY", "text": "Order {{1}} comes on {{2}}." }],
    });
    let list = json!({ "data": [row] }).to_string();
    gateway.meta.answers("GET", &of_waba("", "message_templates"), 200, &list).await;
    // A list in Meta's shape makes templates known.
    let listed = gateway.get(&of_waba("/api", "message_templates")).send().await;
    listed.is(200, &list);

    for shape in SHAPES {
        let wrong = send(&gateway, shape, &template("shipped", "en_US", 1));
        let error = refused(&wrong.clone().send().await, 400, 132_000);
        assert_eq!(
            error["error_data"]["details"],
            "components: the body of shipped (en_US) takes 2 parameters, 1 was given"
        );
        refused(&wrong.header("Idempotency-Key", "k").send().await, 400, 132_000);
        let unknown = send(&gateway, shape, &template("shipped", "de", 2)).send().await;
        let error = refused(&unknown, 404, 132_001);
        let details = error["error_data"]["details"].as_str().unwrap();
        assert!(details.starts_with("language: "), "{details}");
        assert_eq!(unknown.header("x-message-id"), None);
    }
    assert_eq!(gateway.meta.messages().await.len(), 0);
    let right = send(&gateway, "", &template("shipped", "en_US", 2)).send().await;
    right.is(200, ACCEPTED);
}

async fn a_template_of_which_little_is_said_goes_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &of_waba("", "message_templates"), 200, r#"{"data":[]}"#).await;
    assert_eq!(gateway.get(&of_waba("", "message_templates")).send().await.status, 200);
    let bodies = [
        json!({ "type": "template" }),
        json!({ "type": "template", "template": [] }),
        json!({ "type": "template", "template": { "name": "x", "language": "en_US" } }),
        json!({ "type": "template", "template": { "name": 7, "language": { "code": null } } }),
        json!({ "type": "text", "template": { "name": "x", "language": { "code": "de" } } }),
        template("unheard_of", "de", 3),
    ];
    for body in bodies {
        send(&gateway, "", &body).send().await.is(200, ACCEPTED);
        assert_eq!(gateway.meta.last_body().await, body);
    }
}
