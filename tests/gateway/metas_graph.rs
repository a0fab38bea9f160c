//! What Graph says to callers in Meta's shape: it passes as it is, but for what must not be seen.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, META_TOKEN, NUMBER, Place, Setup, WABA, Wire, answer,
    cases,
};
use crate::metas::{SHAPES, failed, of_number, of_waba, refused};

cases![
    a_refusal_passes_with_its_status_and_its_rate_headers,
    a_success_passes_with_its_rate_headers,
    a_refused_meta_token_is_not_the_callers_fault,
    an_answer_that_is_none_of_graphs_is_a_bad_gateway,
    an_answer_that_does_not_come_is_a_timeout,
    a_call_that_never_left_is_told_so,
    throttling_without_a_word_is_throttling,
    the_meta_token_is_in_no_answer,
    a_read_is_tried_again_and_a_write_is_not,
];

/// A file part, as a form.
const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
                    bytes\r\n--b--\r\n";

/// Every sort of call that is answered with what Graph said: its method, its path, its body.
fn calls() -> Vec<(&'static str, String, Option<Value>)> {
    let text = json!({ "to": "15551234567", "type": "text", "text": { "body": "Hi" } });
    let read = json!({ "status": "read", "message_id": "wamid.X" });
    vec![
        ("POST", of_number("", "messages"), Some(text)),
        ("POST", of_number("", "messages"), Some(read)),
        ("POST", of_number("", "media"), None),
        ("GET", of_waba("", "message_templates"), None),
        ("POST", of_waba("", "message_templates"), Some(json!({ "name": "a" }))),
        ("DELETE", of_waba("", "message_templates") + "?name=a", None),
        ("GET", of_waba("", "flows"), None),
        ("GET", of_waba("", "phone_numbers"), None),
        ("GET", format!("/v23.0/{NUMBER}"), None),
        ("GET", format!("/v23.0/{WABA}"), None),
        ("GET", of_number("", "whatsapp_business_profile"), None),
        ("POST", of_number("", "whatsapp_business_profile"), Some(json!({ "about": "Hi" }))),
    ]
}

fn ask(gateway: &Gateway, shape: &str, call: &(&str, String, Option<Value>)) -> Ask {
    let (method, path, body) = call;
    let ask = gateway.ask(method, &format!("{shape}{path}"));
    match body {
        Some(body) => ask.json(&body.to_string()),
        None if path.ends_with("/media") => {
            ask.header("Content-Type", "multipart/form-data; boundary=b").body(FORM)
        }
        None => ask,
    }
}

fn send(gateway: &Gateway, shape: &str) -> Ask {
    ask(gateway, shape, &calls()[0])
}

fn list(gateway: &Gateway, shape: &str) -> Ask {
    ask(gateway, shape, &calls()[6])
}

async fn meta_gives(
    gateway: &Gateway,
    call: &(&str, String, Option<Value>),
    says: ResponseTemplate,
) {
    gateway.outlast_breakers();
    gateway.meta.forget().await;
    let (method, path, _) = call;
    gateway.meta.gives(method, path.split('?').next().unwrap(), says).await;
}

const USAGE: &str = r#"{"102290129340398":[{"type":"messaging","call_count":28}]}"#;

fn with_headers(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .insert_header("x-business-use-case-usage", USAGE)
        .insert_header("x-app-usage", r#"{"call_count":1}"#)
        .insert_header("retry-after", "7")
        .insert_header("x-fb-trace-id", "F1")
        .insert_header("set-cookie", "a=b")
        .set_body_raw(body, "application/json; charset=UTF-8")
}

#[track_caller]
fn has_rate_headers(answer: &Answer) {
    assert_eq!(answer.header("x-business-use-case-usage"), Some(USAGE));
    assert_eq!(answer.header("x-app-usage"), Some(r#"{"call_count":1}"#));
    assert_eq!(answer.header("retry-after"), Some("7"));
    for name in ["x-fb-trace-id", "set-cookie"] {
        assert_eq!(answer.header(name), None);
    }
}

async fn a_refusal_passes_with_its_status_and_its_rate_headers(place: Place) {
    let gateway = Gateway::start(&place).await;
    let said = [(400, 131_026), (403, 200), (404, 132_001), (429, 130_429), (400, 80007)];
    for call in calls() {
        for (status, code) in said {
            let body = format!(
                "{{ \"error\":{{\"message\":\"(#{code}) No\", \"code\":{code},\"error_data\":\
                 {{\"details\":\"\\u00e4\"}},\"error_subcode\":2494055,\"x\":1.0}},\"y\":[]}}"
            );
            meta_gives(&gateway, &call, with_headers(status, &body)).await;
            for shape in SHAPES {
                let answer = ask(&gateway, shape, &call).send().await;
                answer.is(status, &body);
                // Of two waits the longer one: an application's limit takes a minute to be over.
                if code == 80007 {
                    assert_eq!(answer.header("retry-after"), Some("60"), "{call:?}");
                } else {
                    has_rate_headers(&answer);
                }
            }
        }
    }
    // A refusal that wears a 200 is one, and passes.
    let body = r#"{"error":{"message":"No","code":131026}}"#;
    meta_gives(&gateway, &calls()[0], with_headers(200, body)).await;
    send(&gateway, "").send().await.is(200, body);
}

async fn a_success_passes_with_its_rate_headers(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = r#"{"id":"1", "data":[], "messages":[{"id":"wamid.X"}],"success":true}"#;
    for call in calls() {
        meta_gives(&gateway, &call, with_headers(200, body)).await;
        for shape in SHAPES {
            let answer = ask(&gateway, shape, &call).send().await;
            answer.is(200, body);
            has_rate_headers(&answer);
        }
    }
    // None of it on /v2.
    meta_gives(&gateway, &calls()[0], with_headers(200, body)).await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    let answer = gateway.post("/v2/messages/send/text", &text).send().await;
    assert_eq!((answer.status, answer.header("x-app-usage")), (200, None));
}

async fn a_refused_meta_token_is_not_the_callers_fault(place: Place) {
    let gateway = Gateway::start(&place).await;
    for call in calls() {
        for (status, code) in [(401, 190), (400, 190), (200, 190), (401, 0), (401, 104)] {
            let body = format!(
                r#"{{"error":{{"message":"Error validating {META_TOKEN}","code":{code}}}}}"#
            );
            meta_gives(&gateway, &call, with_headers(status, &body)).await;
            let answer = ask(&gateway, "/api", &call).send().await;
            failed(&answer, 500, "rejected");
            assert_eq!(answer.header("www-authenticate"), None);
            assert_ne!(answer.json()["error"]["code"], 190);
        }
    }
    for status in [500, 503] {
        let body = r#"{"error":{"message":"No","code":190}}"#;
        meta_gives(&gateway, &calls()[0], with_headers(status, body)).await;
        let answer = send(&gateway, "").send().await;
        assert!(answer.status >= 500, "{}", answer.text());
        assert_ne!(answer.json()["error"]["code"], 190);
    }
}

async fn an_answer_that_is_none_of_graphs_is_a_bad_gateway(place: Place) {
    let elsewhere = Wire::always(Act::Answer(answer(200, "", ACCEPTED))).await;
    let location = format!("Location: {}/x\r\n", elsewhere.url());
    let whole = answer(200, "", ACCEPTED);
    let refusal = r#"{"error":{"message":"No","code":100}}"#;
    let cases = [
        (Act::Answer(answer(200, "", "<html>")), "unknown"),
        (Act::Answer(answer(200, "", "[]")), "unknown"),
        (Act::Answer(answer(200, "", "")), "unknown"),
        (Act::Answer(answer(500, "", "<html>sorry</html>")), "unknown"),
        (Act::Answer(answer(403, "", "<html>a proxy</html>")), "unknown"),
        (Act::Answer(answer(401, "", "<html>a proxy</html>")), "unknown"),
        (Act::Answer(answer(302, &location, "")), "unknown"),
        (Act::Answer(answer(307, &location, "{}")), "unknown"),
        (Act::Answer(answer(301, &location, refusal)), "rejected"),
        (Act::Close(whole[..whole.len() - 5].to_vec()), "unknown"),
        (Act::Close(Vec::new()), "unknown"),
        (Act::Reset(Vec::new()), "unknown"),
    ];
    for (act, outcome) in cases {
        for shape in SHAPES {
            let wire = Wire::always(act.clone()).await;
            let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
            let sent = send(&gateway, shape).send().await;
            failed(&sent, 502, outcome);
            assert_eq!(sent.header("location"), None);
            assert_eq!(wire.requests().len(), 1, "{act:?}");
            failed(&list(&gateway, shape).send().await, 502, outcome);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
    // A message without an id was perhaps sent.
    let wire = Wire::always(Act::Answer(answer(200, "", "{}"))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    failed(&send(&gateway, "").send().await, 502, "unknown");
}

async fn an_answer_that_does_not_come_is_a_timeout(place: Place) {
    for act in [Act::Hang(Vec::new()), Act::Hang(answer(200, "", ACCEPTED)[..20].to_vec())] {
        let wire = Wire::always(act).await;
        let mut setup = Setup::new(&place).await.graph(&wire.url());
        setup.settings.graph.send_timeout = Duration::from_millis(100).into();
        setup.settings.graph.read_timeout = Duration::from_millis(100).into();
        let gateway = setup.start().await;
        for shape in SHAPES {
            failed(&send(&gateway, shape).send().await, 504, "unknown");
            failed(&list(&gateway, shape).send().await, 504, "unknown");
        }
    }
    let wire = Wire::always(Act::Answer(answer(408, "", ""))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    failed(&send(&gateway, "").send().await, 504, "unknown");
}

async fn a_call_that_never_left_is_told_so(place: Place) {
    let wire = Wire::always(Act::ResetAfterReading(1)).await;
    let gateway = Setup::new(&place).await.graph(&wire.url().replace("http:", "https:"));
    let gateway = gateway.start().await;
    for shape in SHAPES {
        failed(&send(&gateway, shape).send().await, 502, "not_sent");
        failed(&list(&gateway, shape).send().await, 502, "not_sent");
    }
}

async fn throttling_without_a_word_is_throttling(place: Place) {
    let wire = Wire::always(Act::Answer(answer(429, "Retry-After: 9\r\n", "<html>"))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    for shape in SHAPES {
        for ask in [send(&gateway, shape), list(&gateway, shape)] {
            let told = ask.send().await;
            let error = refused(&told, 429, 130_429);
            assert!(error["error_data"]["details"].as_str().unwrap().contains("not_sent"));
            assert_eq!(told.header("retry-after"), Some("9"));
        }
    }
}

async fn the_meta_token_is_in_no_answer(place: Place) {
    let gateway = Gateway::start(&place).await;
    let escaped: String =
        META_TOKEN.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let partly = META_TOKEN.replacen('E', "\\u0045", 1);
    for call in calls() {
        for token in [META_TOKEN, &escaped, &partly] {
            for (status, says) in [
                (200, r#"{"id":"1","data":[],"messages":[{"id":"wamid.X"}],"x":"T"}"#),
                (200, r#"{"id":"1","messages":[{"id":"wamid.X"}],"data":[{"T":"a T b"}]}"#),
                (400, r#"{"error":{"message":"bad T","code":100,"error_data":{"T":["T"]}}}"#),
                (500, r#"{"error":{"message":"bad T","code":131000},"debug":"T"}"#),
                (429, r#"{"error":{"message":"bad T","code":4}}"#),
            ] {
                let body = says.replace('T', token);
                let says = with_headers(status, &body);
                let says = says.insert_header("x-app-usage", format!("{META_TOKEN} is near"));
                meta_gives(&gateway, &call, says).await;
                let answer = ask(&gateway, "", &call).send().await;
                assert_eq!(answer.status, status, "{call:?}: {}", answer.text());
                assert_eq!(answer.header("x-app-usage"), Some("[redacted]"), "{call:?}");
                assert_eq!(answer.header("x-business-use-case-usage"), Some(USAGE));
                let told = answer.json().to_string();
                assert!(!answer.text().contains(META_TOKEN), "{call:?}: {}", answer.text());
                assert!(!told.contains(META_TOKEN), "{call:?}: {}", answer.text());
                assert!(told.contains("[redacted]"), "{call:?}: {}", answer.text());
            }
        }
    }
}

async fn a_read_is_tried_again_and_a_write_is_not(place: Place) {
    let body = r#"{"error":{"message":"down","code":2}}"#;
    for call in calls() {
        let wire = Wire::always(Act::Answer(answer(503, "", body))).await;
        let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
        ask(&gateway, "", &call).send().await.is(503, body);
        let is_mark = call.2.as_ref().is_some_and(|body| body.get("status").is_some());
        let tries = if call.0 == "GET" || is_mark { 3 } else { 1 };
        assert_eq!(wire.requests().len(), tries, "{call:?}");
    }
}
