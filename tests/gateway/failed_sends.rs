//! Sends that fail at Graph: what the caller is told, and how often Graph was asked.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::harness::{
    ACCEPTED, Act, Answer, Gateway, META_TOKEN, NUMBER, Place, Setup, Wire, answer, cases, deaf,
    eventually,
};

cases![
    a_refusal_of_graphs_is_rejected_and_never_repeated,
    throttling_is_proof_that_nothing_was_sent,
    a_wait_is_never_shorter_than_graphs_own,
    refused_credentials_are_not_the_callers_fault,
    a_server_error_of_graphs_may_have_sent_and_is_not_repeated,
    an_answer_that_is_not_graphs_may_have_sent,
    a_success_that_proves_nothing_is_unknown,
    a_success_with_an_error_in_it_says_no,
    the_meta_token_is_taken_out_of_whatever_graph_says,
    a_redirect_is_not_followed_and_gets_no_token,
    a_broken_answer_is_unknown_and_not_repeated,
    an_answer_that_never_ends_is_cut_within_its_limits,
    without_a_connection_nothing_was_sent,
    a_connection_that_cannot_be_made_is_tried_three_times,
    a_dead_upstream_gets_a_tenth_more_than_was_asked_for,
    a_connection_that_graph_closed_meanwhile_costs_nothing,
    a_caller_that_goes_away_does_not_stop_a_send,
];

const TEXT: &str = "/v2/messages/send/text";

fn text() -> Value {
    json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" })
}

async fn sent(gateway: &Gateway) -> Answer {
    gateway.post(TEXT, &text()).send().await
}

/// What a failure is like in both settings of `AVENPING_UPSTREAM_STATUS`.
struct Told<'a> {
    compatible: u16,
    mapped: u16,
    message: &'a str,
    outcome: &'a str,
    retryable: bool,
    upstream_status: Option<u16>,
    error: Option<&'a str>,
}

impl Told<'_> {
    fn envelope(&self) -> String {
        let status = self.upstream_status.map(|status| format!(r#","upstreamStatus":{status}"#));
        let error = self.error.map(|error| format!(r#","error":{error}"#));
        format!(
            concat!(
                r#"{{"success":false,"error":"INTERNAL_ERROR","message":{},"#,
                r#""details":{{"outcome":"{}","retryable":{}{}{}}}}}"#
            ),
            serde_json::to_string(self.message).unwrap(),
            self.outcome,
            self.retryable,
            status.unwrap_or_default(),
            error.unwrap_or_default(),
        )
    }
}

const FAILED: &str = "WhatsApp API request failed";

async fn both(place: &Place) -> [(Gateway, bool); 2] {
    let compatible = Gateway::start(place).await;
    let mapped = Setup::new(place).await.mapped().start().await;
    [(compatible, false), (mapped, true)]
}

/// Graph answers this to a send; the caller hears that, and Graph was asked once.
async fn hears(gateways: &[(Gateway, bool)], status: u16, body: &str, told: &Told<'_>) {
    for (gateway, mapped) in gateways {
        gateway.outlast_breakers();
        gateway.meta.forget().await;
        let path = format!("/v23.0/{NUMBER}/messages");
        gateway.meta.answers("POST", &path, status, body).await;
        let answer = sent(gateway).await;
        let expected = if *mapped { told.mapped } else { told.compatible };
        answer.is(expected, &told.envelope());
        assert_eq!(gateway.meta.count().await, 1, "{body}");
    }
}

/// An error object as Graph writes it, and the message in it.
fn error(code: i64, message: &str) -> String {
    format!(
        r#"{{"message":"{message}", "type":"OAuthException","code":{code},"error_data":{{"details":"D"}},"fbtrace_id":"A"}}"#
    )
}

async fn a_refusal_of_graphs_is_rejected_and_never_repeated(place: Place) {
    let gateways = both(&place).await;
    let cases = [
        (400, 100, 400),
        (400, 131_030, 400),
        (403, 368, 400),
        (404, 132_001, 404),
        (404, 803, 404),
        (400, 33, 404),
        (400, 131_048, 400),
        (403, 10, 502),
        (403, 200, 502),
    ];
    for (status, code, mapped) in cases {
        let error = error(code, "(#1) No");
        let told = Told {
            compatible: 500,
            mapped,
            message: "(#1) No",
            outcome: "rejected",
            retryable: false,
            upstream_status: Some(status),
            error: Some(&error),
        };
        hears(&gateways, status, &format!(r#"{{"error":{error}}}"#), &told).await;
    }
}

async fn throttling_is_proof_that_nothing_was_sent(place: Place) {
    let gateways = both(&place).await;
    let codes = [4, 80007, 130_429, 131_056];
    let cases = [400, 403, 429].into_iter().flat_map(|status| codes.map(|code| (status, code)));
    for (status, code) in cases.chain([(429, 613)]) {
        let error = error(code, "slow down");
        let told = Told {
            compatible: 500,
            mapped: 429,
            message: "slow down",
            outcome: "not_sent",
            retryable: true,
            upstream_status: Some(status),
            error: Some(&error),
        };
        hears(&gateways, status, &format!(r#"{{"error":{error}}}"#), &told).await;
    }
    // HTTP 429 alone is enough, whatever the body.
    for body in ["", "<html>slow down</html>", "{}"] {
        let told = Told {
            compatible: 500,
            mapped: 429,
            message: FAILED,
            outcome: "not_sent",
            retryable: true,
            upstream_status: Some(429),
            error: None,
        };
        hears(&gateways, 429, body, &told).await;
    }
}

async fn a_wait_is_never_shorter_than_graphs_own(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let in_an_hour = std::time::SystemTime::now() + Duration::from_secs(3600);
    let date = httpdate::fmt_http_date(in_an_hour);
    for (code, own, least) in [
        (130_429, Some(date.as_str()), 3500),
        (130_429, None, 1),
        (131_056, None, 1),
        (4, None, 1),
        (131_056, Some("37"), 37),
        (4, Some("3600"), 3600),
        (130_429, Some("nonsense"), 1),
        (130_429, Some("0"), 1),
        (130_429, Some("-5"), 1),
    ] {
        gateway.meta.forget().await;
        let body = format!(r#"{{"error":{}}}"#, error(code, "slow"));
        let mut answer = ResponseTemplate::new(400).set_body_raw(body, "application/json");
        if let Some(own) = own {
            answer = answer.insert_header("Retry-After", own);
        }
        gateway.meta.gives("POST", &path, answer).await;
        let told = sent(&gateway).await;
        let wait: u64 = told.header("retry-after").expect("Retry-After").parse().unwrap();
        assert!(wait >= least, "{code} {own:?}: {wait}");
        assert_eq!(gateway.meta.count().await, 1);
    }
}

async fn refused_credentials_are_not_the_callers_fault(place: Place) {
    let gateways = both(&place).await;
    for (status, code) in [(401, 190), (400, 190), (401, 0), (401, 100)] {
        let error = error(code, "Error validating access token");
        let told = Told {
            compatible: 500,
            mapped: 502,
            message: "Error validating access token",
            outcome: "rejected",
            retryable: false,
            upstream_status: Some(status),
            error: Some(&error),
        };
        hears(&gateways, status, &format!(r#"{{"error":{error}}}"#), &told).await;
    }
}

async fn a_server_error_of_graphs_may_have_sent_and_is_not_repeated(place: Place) {
    let gateways = both(&place).await;
    for status in [500, 502, 503, 504] {
        let told = Told {
            compatible: 500,
            mapped: 502,
            message: FAILED,
            outcome: "unknown",
            retryable: false,
            upstream_status: Some(status),
            error: None,
        };
        hears(&gateways, status, "<html>oops</html>", &told).await;
    }
    // Whatever the body says, also that it throttles or that the token is bad.
    for (status, code) in [(500, 131_000), (503, 130_429), (503, 4), (500, 190), (502, 100)] {
        let error = error(code, "Something went wrong");
        let told = Told {
            compatible: 500,
            mapped: 502,
            message: "Something went wrong",
            outcome: "unknown",
            retryable: false,
            upstream_status: Some(status),
            error: Some(&error),
        };
        hears(&gateways, status, &format!(r#"{{"error":{error}}}"#), &told).await;
    }
}

async fn an_answer_that_is_not_graphs_may_have_sent(place: Place) {
    let gateways = both(&place).await;
    for (status, body, mapped) in [
        (400, "<html>proxy</html>", 502),
        (404, "", 502),
        (403, r#"{"error":"forbidden"}"#, 502),
        (400, r#"{"error":null}"#, 502),
        (408, "", 504),
    ] {
        let told = Told {
            compatible: 500,
            mapped,
            message: FAILED,
            outcome: "unknown",
            retryable: false,
            upstream_status: Some(status),
            error: None,
        };
        hears(&gateways, status, body, &told).await;
    }
}

async fn a_success_that_proves_nothing_is_unknown(place: Place) {
    let gateways = both(&place).await;
    for body in [
        "",
        "OK",
        "<html></html>",
        "{}",
        "null",
        "[]",
        r#"{"messages":[]}"#,
        r#"{"messages":[{}]}"#,
        r#"{"messages":[{"id":""}]}"#,
        r#"{"messages":[{"id":7}]}"#,
        r#"{"success":true}"#,
        r#"{"messages":[{"id":"wamid.1"}]"#,
    ] {
        let told = Told {
            compatible: 500,
            mapped: 502,
            message: FAILED,
            outcome: "unknown",
            retryable: false,
            upstream_status: Some(200),
            error: None,
        };
        hears(&gateways, 200, body, &told).await;
    }
}

async fn a_success_with_an_error_in_it_says_no(place: Place) {
    let gateways = both(&place).await;
    let plain = error(100, "no such parameter");
    let told = Told {
        compatible: 500,
        mapped: 400,
        message: "no such parameter",
        outcome: "rejected",
        retryable: false,
        upstream_status: Some(200),
        error: Some(&plain),
    };
    hears(&gateways, 200, &format!(r#"{{"error":{plain}}}"#), &told).await;
    let slow = error(130_429, "slow");
    let told = Told {
        mapped: 429,
        message: "slow",
        outcome: "not_sent",
        retryable: true,
        error: Some(&slow),
        ..told
    };
    hears(&gateways, 200, &format!(r#"{{"error":{slow}}}"#), &told).await;
    // A message that has the word in it is a success all the same.
    for (gateway, _) in &gateways {
        gateway.meta.forget().await;
        let body = r#"{"messages":[{"id":"wamid.1"}],"note":"\"error\"","error":null}"#;
        gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, body).await;
        sent(gateway).await.is(200, &format!(r#"{{"success":true,"data":{body}}}"#));
    }
}

async fn the_meta_token_is_taken_out_of_whatever_graph_says(place: Place) {
    let gateways = both(&place).await;
    let said = |token: &str| {
        format!(
            r#"{{"message":"Malformed access token {token}","code":190,"error_data":{{"details":"see https://g/?access_token={token}&x=1"}},"{token}":["{token}"]}}"#
        )
    };
    let clean = said("[redacted]");
    let told = Told {
        compatible: 500,
        mapped: 502,
        message: "Malformed access token [redacted]",
        outcome: "rejected",
        retryable: false,
        upstream_status: Some(401),
        error: Some(&clean),
    };
    hears(&gateways, 401, &format!(r#"{{"error":{}}}"#, said(META_TOKEN)), &told).await;

    // Written with escapes it is the same token.
    let escaped: String = META_TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    for (gateway, _) in &gateways {
        gateway.outlast_breakers();
        gateway.meta.forget().await;
        let body = format!(r#"{{"error":{}}}"#, said(&escaped));
        gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 401, &body).await;
        let told = sent(gateway).await;
        assert!(!told.json().to_string().contains(META_TOKEN), "{}", told.text());
    }
}

async fn a_redirect_is_not_followed_and_gets_no_token(place: Place) {
    let elsewhere = Wire::always(Act::Answer(answer(200, "", ACCEPTED))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/x\r\n", elsewhere.url());
        let wire = Wire::always(Act::Answer(answer(status, &location, ""))).await;
        let gateway = broken(&place, &wire).await;
        let told = sent(&gateway).await;
        told.is(
            500,
            &Told {
                compatible: 500,
                mapped: 502,
                message: FAILED,
                outcome: "unknown",
                retryable: false,
                upstream_status: Some(status),
                error: None,
            }
            .envelope(),
        );
        assert_eq!(wire.requests().len(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

/// A gateway with this Graph.
async fn broken(place: &Place, wire: &Wire) -> Gateway {
    Setup::new(place).await.graph(&wire.url()).start().await
}

async fn a_broken_answer_is_unknown_and_not_repeated(place: Place) {
    let whole = answer(200, "", ACCEPTED);
    let half = whole[..whole.len() - 20].to_vec();
    let head_only = whole[..40].to_vec();
    let acts = [
        (Act::ResetAfterReading(1), None),
        (Act::ResetAfterReading(200), None),
        (Act::Close(Vec::new()), None),
        (Act::Reset(Vec::new()), None),
        (Act::Close(b"HTTP/1.1 20".to_vec()), None),
        (Act::Reset(head_only), None),
        (Act::Close(b"rubbish\r\n\r\n".to_vec()), None),
        (Act::Close(half.clone()), Some(200)),
        (Act::Reset(half), Some(200)),
        (
            Act::Close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec()),
            Some(200),
        ),
    ];
    for (act, upstream_status) in acts {
        let wire = Wire::always(act.clone()).await;
        let gateway = broken(&place, &wire).await;
        let told = sent(&gateway).await;
        assert_eq!(told.status, 500);
        let details = &told.json()["details"];
        assert_eq!(details["outcome"], "unknown", "{act:?}: {}", told.text());
        assert_eq!(details["retryable"], false);
        // A reset may overtake the head that came before it.
        if !matches!(act, Act::Reset(_)) {
            assert_eq!(details.get("upstreamStatus"), upstream_status.map(Value::from).as_ref());
        }
        assert_eq!(wire.requests().len(), 1, "{act:?}");
    }
}

async fn an_answer_that_never_ends_is_cut_within_its_limits(place: Place) {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n".to_vec();
    let declared = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_vec();
    let endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    for head in [chunked, declared, endless] {
        let wire = Wire::always(Act::Flood(head)).await;
        let gateway = broken(&place, &wire).await;
        let told = sent(&gateway).await;
        let expected = Told {
            compatible: 500,
            mapped: 502,
            message: FAILED,
            outcome: "unknown",
            retryable: false,
            upstream_status: Some(200),
            error: None,
        };
        told.is(500, &expected.envelope());
        assert_eq!(wire.requests().len(), 1);
    }
    let whole = answer(200, "", ACCEPTED);
    for act in [
        Act::Hang(Vec::new()),
        Act::Hang(whole[..whole.len() - 1].to_vec()),
        Act::Drip(whole.clone()),
    ] {
        let wire = Wire::always(act.clone()).await;
        let mut setup = Setup::new(&place).await.mapped().graph(&wire.url());
        setup.settings.graph.send_timeout = Duration::from_millis(150).into();
        let gateway = setup.start().await;
        let told = sent(&gateway).await;
        let expected = Told {
            compatible: 500,
            mapped: 504,
            message: FAILED,
            outcome: "unknown",
            retryable: false,
            upstream_status: None,
            error: None,
        };
        told.is(504, &expected.envelope());
        assert_eq!(wire.requests().len(), 1, "{act:?}");
    }
}

async fn without_a_connection_nothing_was_sent(place: Place) {
    let (_kept, url) = deaf();
    for (url, mapped) in [(url.as_str(), 502), ("http://graph.invalid", 502)] {
        let gateway = Setup::new(&place).await.mapped().graph(url).start().await;
        let expected = Told {
            compatible: 500,
            mapped,
            message: FAILED,
            outcome: "not_sent",
            retryable: true,
            upstream_status: None,
            error: None,
        };
        sent(&gateway).await.is(mapped, &expected.envelope());
    }
}

/// A gateway that expects TLS of this Graph, and does not get it.
async fn without_tls(setup: Setup, wire: &Wire) -> Gateway {
    let mut setup = setup.graph(&wire.url().replace("http:", "https:"));
    setup.settings.graph.connect_timeout = Duration::from_millis(300).into();
    setup.start().await
}

async fn a_connection_that_cannot_be_made_is_tried_three_times(place: Place) {
    for (act, mapped) in [(Act::ResetAfterReading(1), 502), (Act::Hang(Vec::new()), 504)] {
        let wire = Wire::always(act.clone()).await;
        let gateway = without_tls(Setup::new(&place).await.mapped(), &wire).await;
        let told = sent(&gateway).await;
        assert_eq!(told.status, mapped, "{act:?}: {}", told.text());
        assert_eq!(told.json()["details"], json!({ "outcome": "not_sent", "retryable": true }));
        assert_eq!(wire.connections(), 3, "{act:?}");
    }
}

async fn a_dead_upstream_gets_a_tenth_more_than_was_asked_for(place: Place) {
    let wire = Wire::always(Act::ResetAfterReading(1)).await;
    let mut setup = Setup::new(&place).await;
    // Without it Graph would soon get nothing at all.
    setup.settings.graph.breakers.open = Duration::ZERO.into();
    let gateway = without_tls(setup, &wire).await;
    for _ in 0..200 {
        assert_eq!(sent(&gateway).await.json()["details"]["outcome"], "not_sent");
    }
    let calls = wire.connections();
    assert!((200..=220).contains(&calls), "{calls}");
}

async fn a_connection_that_graph_closed_meanwhile_costs_nothing(place: Place) {
    let wire = Wire::always(Act::Close(answer(200, "", ACCEPTED))).await;
    let gateway = broken(&place, &wire).await;
    for nth in 1..=10 {
        assert_eq!(sent(&gateway).await.status, 200);
        eventually("the end is noticed", async || wire.closed() == nth).await;
    }
    assert_eq!(wire.requests().len(), 10, "each was sent once");

    let kept = Wire::always(Act::Answer(answer(200, "", ACCEPTED))).await;
    let gateway = broken(&place, &kept).await;
    for _ in 0..3 {
        assert_eq!(sent(&gateway).await.status, 200);
    }
    assert_eq!(kept.connections(), 1, "a connection that stays open is used again");
}

async fn a_caller_that_goes_away_does_not_stop_a_send(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let mut gateway = broken(&place, &wire).await;
    let mut caller = gateway.connect().await;
    caller.write(&gateway.post(TEXT, &text()).bytes()).await;
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("Hi"))).await;
    drop(caller);

    // Asked to stop, the gateway still waits for the answer that nobody will hear.
    gateway.stop();
    assert!(!gateway.has_stopped());
    wire.tell();
    gateway.stopped().await;
    assert_eq!(wire.answered(), 1);
    assert_eq!(wire.requests().len(), 1);
}
