//! Reads that fail at Graph: what is asked again, how often, and what the caller is told.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Act, Gateway, META_TOKEN, Place, Setup, WABA, Wire, answer, cases};

cases![
    what_may_pass_is_asked_again_at_most_twice,
    a_read_that_recovers_is_answered_as_if_nothing_had_been,
    what_will_not_pass_is_not_asked_again,
    throttling_is_waited_out_only_for_a_second,
    throttling_is_known_by_its_code_and_waited_out_once,
    a_read_that_hangs_is_asked_again_while_there_is_time,
    a_connection_that_cannot_be_made_is_tried_three_times,
    a_list_that_is_none_is_no_success,
    an_answer_too_large_is_refused,
    a_dead_upstream_is_not_hit_much_harder_by_retries,
    the_time_for_a_read_holds_for_all_its_tries,
    graphs_statuses_are_mapped_for_reads_too,
];

const LIST: &str = r#"{"data":[{"name":"t"}]}"#;

async fn towards(place: &Place, wire: &Wire) -> Gateway {
    Setup::new(place).await.graph(&wire.url()).start().await
}

fn failed(status: u16, error: &str) -> Vec<u8> {
    answer(status, "", &format!(r#"{{"error":{error}}}"#))
}

async fn what_may_pass_is_asked_again_at_most_twice(place: Place) {
    let whole = answer(200, "", LIST);
    let acts = [
        Act::Answer(failed(500, r#"{"code":2,"message":"down"}"#)),
        Act::Answer(answer(502, "", "<html>")),
        Act::Answer(answer(408, "", "")),
        Act::Answer(answer(400, "", "<html>a proxy</html>")),
        Act::Close(Vec::new()),
        Act::Reset(Vec::new()),
        Act::ResetAfterReading(1),
    ];
    for act in acts {
        let wire = Wire::always(act.clone()).await;
        let gateway = towards(&place, &wire).await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.status, 500, "{act:?}");
        let details = &told.json()["details"];
        assert_eq!(details["outcome"], "unknown", "{act:?}");
        // A read did nothing: whoever wants it may ask again.
        assert_eq!(details["retryable"], true);
        assert_eq!(wire.requests().len(), 3, "{act:?}");
        drop(gateway);

        let wire = Wire::start([act.clone(), act, Act::Answer(whole.clone())]).await;
        let gateway = towards(&place, &wire).await;
        assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
        assert_eq!(wire.requests().len(), 3);
    }
}

async fn a_read_that_recovers_is_answered_as_if_nothing_had_been(place: Place) {
    let acts = [Act::Answer(answer(503, "", "busy")), Act::Answer(answer(200, "", LIST))];
    let wire = Wire::start(acts).await;
    let gateway = towards(&place, &wire).await;
    let told = gateway.get("/v2/templates").send().await;
    told.is(200, r#"{"success":true,"data":{"items":[{"name":"t"}]}}"#);
    assert_eq!(wire.requests().len(), 2);
}

async fn what_will_not_pass_is_not_asked_again(place: Place) {
    let whole = answer(200, "", LIST);
    let half = whole[..whole.len() - 5].to_vec();
    let cases = [
        (Act::Answer(answer(200, "", "<html>")), "unknown"),
        (Act::Answer(answer(200, "", "{}")), "unknown"),
        (Act::Close(half.clone()), "unknown"),
        (Act::Answer(answer(302, "Location: http://127.0.0.1:1/\r\n", "")), "unknown"),
        (Act::Answer(failed(400, r#"{"code":100,"message":"No"}"#)), "rejected"),
        (Act::Answer(failed(401, r#"{"code":190,"message":"No"}"#)), "rejected"),
        (Act::Answer(failed(404, r#"{"code":803,"message":"No"}"#)), "rejected"),
        (Act::Answer(failed(200, r#"{"code":100,"message":"No"}"#)), "rejected"),
    ];
    for (act, outcome) in cases {
        let wire = Wire::always(act.clone()).await;
        let gateway = towards(&place, &wire).await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.status, 500);
        assert_eq!(told.json()["details"]["outcome"], outcome, "{}", told.text());
        assert_eq!(wire.requests().len(), 1, "{act:?}");
    }
}

async fn throttling_is_waited_out_only_for_a_second(place: Place) {
    let slow = r#"{"error":{"code":130429,"message":"slow"}}"#;
    let acts =
        [Act::Answer(answer(429, "Retry-After: 1\r\n", slow)), Act::Answer(answer(200, "", LIST))];
    let wire = Wire::start(acts).await;
    let gateway = towards(&place, &wire).await;
    assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
    assert_eq!(wire.requests().len(), 2);

    for (header, wait) in [("Retry-After: 2\r\n", "2"), ("Retry-After: 90\r\n", "90")] {
        let wire = Wire::always(Act::Answer(answer(429, header, slow))).await;
        let gateway = towards(&place, &wire).await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.json()["details"]["outcome"], "not_sent");
        assert_eq!(told.header("retry-after"), Some(wait));
        assert_eq!(wire.requests().len(), 1);
    }
}

async fn throttling_is_known_by_its_code_and_waited_out_once(place: Place) {
    // Graph's usual waits: a second for a number's throughput, longer for the others.
    for (status, code, asked) in
        [(400, 130_429, 2), (200, 130_429, 2), (400, 4, 1), (403, 80007, 1), (429, 131_056, 1)]
    {
        let error = format!(r#"{{"code":{code},"message":"slow"}}"#);
        let wire = Wire::always(Act::Answer(failed(status, &error))).await;
        let gateway = towards(&place, &wire).await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.json()["details"]["outcome"], "not_sent", "{status} {code}");
        assert!(told.header("retry-after").is_some());
        assert_eq!(wire.requests().len(), asked, "{status} {code}");
    }
}

async fn a_read_that_hangs_is_asked_again_while_there_is_time(place: Place) {
    for hanging in [Act::Hang(Vec::new()), Act::Hang(answer(200, "", LIST)[..20].to_vec())] {
        let wire = Wire::start([hanging, Act::Answer(answer(200, "", LIST))]).await;
        let mut setup = Setup::new(&place).await.graph(&wire.url());
        setup.settings.graph.read_timeout = Duration::from_secs(3).into();
        let gateway = setup.start().await;
        assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
        assert_eq!(wire.requests().len(), 2);
    }
}

async fn a_connection_that_cannot_be_made_is_tried_three_times(place: Place) {
    let wire = Wire::always(Act::ResetAfterReading(1)).await;
    let gateway = Setup::new(&place).await.graph(&wire.url().replace("http:", "https:"));
    let told = gateway.start().await.get("/v2/templates").send().await;
    assert_eq!(told.status, 500);
    assert_eq!(told.json()["details"]["outcome"], "not_sent");
    assert_eq!(wire.connections(), 3);
}

async fn a_list_that_is_none_is_no_success(place: Place) {
    let gateway = Gateway::start(&place).await;
    let flows = format!("/v23.0/{WABA}/flows");
    for body in ["", "[]", "{}", r#"{"data":{}}"#, r#"{"data":null}"#, r#"{"data":[1"#] {
        gateway.meta.forget().await;
        gateway.meta.answers("GET", &flows, 200, body).await;
        let told = gateway.get("/v2/forms").send().await;
        assert_eq!(told.status, 500, "{body}");
        assert_eq!(told.json()["message"], "WhatsApp API request failed");
        assert_eq!(told.json()["details"]["outcome"], "unknown");
        assert_eq!(told.json()["details"]["upstreamStatus"], 200);
        assert_eq!(gateway.meta.count().await, 1);
    }
}

async fn an_answer_too_large_is_refused(place: Place) {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_vec();
    let wire = Wire::always(Act::Flood(head)).await;
    let gateway = towards(&place, &wire).await;
    let told = gateway.get("/v2/templates").send().await;
    assert_eq!(told.status, 500);
    assert_eq!(told.json()["details"]["outcome"], "unknown");
    assert_eq!(wire.requests().len(), 1);
}

async fn a_dead_upstream_is_not_hit_much_harder_by_retries(place: Place) {
    let wire = Wire::always(Act::Answer(answer(500, "", ""))).await;
    let gateway = towards(&place, &wire).await;
    let asks = (0..100).map(|_| gateway.get("/v2/templates").send());
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| answer.status == 500));
    let asked = wire.requests().len();
    assert!((100..=110).contains(&asked), "{asked}");
}

async fn the_time_for_a_read_holds_for_all_its_tries(place: Place) {
    for act in [Act::Hang(Vec::new()), Act::Drip(answer(200, "", LIST))] {
        let wire = Wire::always(act).await;
        let mut setup = Setup::new(&place).await.mapped().graph(&wire.url());
        setup.settings.graph.read_timeout = Duration::from_millis(150).into();
        let gateway = setup.start().await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.status, 504);
        assert_eq!(told.json()["details"]["retryable"], true);
        assert_eq!(told.json()["details"].get("upstreamStatus"), None::<&Value>);
    }
}

async fn graphs_statuses_are_mapped_for_reads_too(place: Place) {
    let gateway = Setup::new(&place).await.mapped().start().await;
    let path = format!("/v23.0/{WABA}/message_templates");
    for (status, code, mapped) in
        [(400, 100, 400), (404, 803, 404), (401, 190, 502), (403, 10, 502), (400, 80007, 429)]
    {
        gateway.outlast_breakers();
        gateway.meta.forget().await;
        let body = format!(r#"{{"error":{{"message":"No {META_TOKEN}","code":{code}}}}}"#);
        gateway.meta.answers("GET", &path, status, &body).await;
        let told = gateway.get("/v2/templates").send().await;
        assert_eq!(told.status, mapped, "{code}");
        let json = told.json();
        assert_eq!(
            (&json["error"], &json["message"]),
            (&"INTERNAL_ERROR".into(), &"No [redacted]".into())
        );
        assert_eq!(json["details"]["upstreamStatus"], status);
    }
}
