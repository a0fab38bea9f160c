//! `/metrics`: what is counted moves by exactly as much as happened.

use std::time::Duration;

use avenping_gateway::metrics::table;
use serde_json::{Value, json};

use crate::harness::{
    Act, Ask, Gateway, NUMBER, Place, Scrape, Setup, Wire, answer, cases, eventually,
};
use crate::inbound::{envelope, post, status};

cases![
    a_scrape_tells_every_metric_of_the_table_and_needs_no_token,
    a_send_is_counted_once_everywhere,
    what_graph_refuses_is_counted_with_its_code,
    a_call_that_fails_is_counted_by_what_is_known_of_it,
    a_refusal_of_ours_is_counted_and_nothing_goes_up,
    a_caller_that_goes_away_is_counted_as_gone,
    each_kind_of_call_is_counted_as_what_it_is,
    keys_are_counted_by_what_they_were_found_to_be,
    a_scrape_works_while_the_database_is_away,
    metrics_can_have_a_listener_of_their_own,
    the_process_tells_of_itself,
];

const TEXT: &str = "/v2/messages/send/text";

fn text() -> Value {
    json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" })
}

async fn send(gateway: &Gateway) -> u16 {
    gateway.post(TEXT, &text()).send().await.status
}

fn calls(scrape: &Scrape, kind: &str, outcome: &str, code: &str) -> f64 {
    let labels = [("kind", kind), ("outcome", outcome), ("code", code)];
    scrape.value("avenping_upstream_calls_total", &labels)
}

fn requests(scrape: &Scrape, method: &str, route: &str, status: &str) -> f64 {
    let labels = [("route", route), ("method", method), ("status", status)];
    scrape.value("avenping_http_requests_total", &labels)
}

fn claims(scrape: &Scrape, result: &str) -> f64 {
    scrape.value("avenping_idempotency_claims_total", &[("result", result)])
}

async fn a_scrape_tells_every_metric_of_the_table_and_needs_no_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.scrape().await;
    let scrape = gateway.scrape().await;
    let told: Vec<_> = scrape.families.iter().map(|(name, of)| (&**name, &*of.kind)).collect();
    let mut expected: Vec<_> = table::ALL.iter().map(|row| (row.name, row.kind.name())).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
    let named: Vec<_> = table::ALL.iter().flat_map(|row| row.labels).copied().collect();
    let labels = scrape.labels();
    assert!(labels.iter().all(|label| *label == "le" || named.contains(label)), "{labels:?}");
    assert_eq!(requests(&scrape, "GET", "/metrics", "200"), 1.0);
    assert_eq!(scrape.value("avenping_http_requests_in_flight", &[]), 1.0, "this one");
    assert_eq!(gateway.ask("HEAD", "/metrics").anonymous().send().await.status, 200);
    assert_eq!(gateway.ask("POST", "/metrics").anonymous().send().await.status, 405);
}

async fn a_send_is_counted_once_everywhere(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(send(&gateway).await, 200);
    let before = gateway.scrape().await;
    assert_eq!(send(&gateway).await, 200);
    let after = gateway.scrape().await;

    let moved = |sample: &str, labels: &[(&str, &str)]| {
        after.value(sample, labels) - before.value(sample, labels)
    };
    let ours = [("route", TEXT), ("method", "POST"), ("status", "200")];
    assert_eq!(moved("avenping_http_requests_total", &ours), 1.0);
    assert_eq!(moved("avenping_http_request_duration_seconds_count", &[("route", TEXT)]), 1.0);
    assert!(moved("avenping_http_request_duration_seconds_sum", &[("route", TEXT)]) > 0.0);
    let sent = [("kind", "send"), ("outcome", "sent"), ("code", "none")];
    assert_eq!(moved("avenping_upstream_calls_total", &sent), 1.0);
    assert_eq!(moved("avenping_upstream_call_duration_seconds_count", &[("kind", "send")]), 1.0);
    assert_eq!(moved("avenping_upstream_retries_total", &[]), 0.0);
    let sums = ["avenping_upstream_calls_total", "avenping_token_cache_lookups_total"];
    for sample in sums {
        assert_eq!(after.sum(sample) - before.sum(sample), 1.0, "{sample}");
    }
    // The send itself and the two scrapes: nothing else was asked.
    let requests = "avenping_http_requests_total";
    assert_eq!(after.sum(requests) - before.sum(requests), 2.0);
    assert_eq!(after.value("avenping_http_requests_in_flight", &[]), 1.0);
    assert_eq!(after.value("avenping_upstream_calls_in_flight", &[("kind", "send")]), 0.0);

    let hits = |scrape: &Scrape, result| {
        scrape.value("avenping_token_cache_lookups_total", &[("result", result)])
    };
    assert!(hits(&after, "miss") >= 1.0);
    let recorded = [("operation", "record_messages")];
    let count = "avenping_store_operation_duration_seconds_count";
    eventually("the records are written", async || {
        let scrape = gateway.scrape().await;
        scrape.value("avenping_recorder_queue_depth", &[]) == 0.0
            && scrape.value(count, &recorded) >= 1.0
    })
    .await;
    assert_eq!(gateway.scrape().await.sum("avenping_records_given_up_total"), 0.0);
}

async fn what_graph_refuses_is_counted_with_its_code(place: Place) {
    let mut setup = Setup::new(&place).await;
    // A refused Meta token would keep the next sends from Graph.
    setup.settings.graph.breakers.token_open = Duration::ZERO.into();
    let gateway = setup.start().await;
    let path = format!("/v23.0/{NUMBER}/messages");
    let told = [
        (400, json!(131_047), "rejected", "131047"),
        (400, json!("131026"), "rejected", "131026"),
        (401, json!(190), "rejected", "190"),
        (403, json!(230), "rejected", "200-299"),
        (400, json!(2_388_093), "rejected", "2388xxx"),
        (400, json!(131_056), "not_sent", "131056"),
        (400, json!(7_777_777), "rejected", "other"),
        (400, json!("15551234567"), "rejected", "other"),
        (400, json!({ "to": NUMBER }), "rejected", "none"),
        (500, json!(131_000), "unknown", "131000"),
        (200, json!(100), "rejected", "100"),
    ];
    for (number, (status, code, outcome, label)) in told.into_iter().enumerate() {
        gateway.meta.forget().await;
        let refusal = json!({ "error": { "message": "no", "code": code } }).to_string();
        gateway.meta.answers("POST", &path, status, &refusal).await;
        assert_eq!(send(&gateway).await, 500);
        let scrape = gateway.scrape().await;
        assert!(calls(&scrape, "send", outcome, label) >= 1.0, "{code} is not {label}");
        let all = scrape.sum("avenping_upstream_calls_total");
        assert_eq!(all, f64::from(u32::try_from(number + 1).unwrap()), "{code}");
        assert_eq!(requests(&scrape, "POST", TEXT, "500"), all);
    }
    let scrape = gateway.scrape().await;
    assert_eq!(calls(&scrape, "send", "rejected", "other"), 2.0);
    assert_eq!(calls(&scrape, "send", "sent", "none"), 0.0);
}

async fn a_call_that_fails_is_counted_by_what_is_known_of_it(place: Place) {
    let acts = [
        (Act::Answer(answer(200, "", "{}")), "unknown"),
        (Act::Reset(Vec::new()), "unknown"),
        (Act::Answer(answer(502, "", "<html>")), "unknown"),
        (Act::Answer(answer(429, "", "")), "not_sent"),
    ];
    for (act, outcome) in acts {
        let wire = Wire::always(act.clone()).await;
        let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
        assert_eq!(send(&gateway).await, 500);
        let scrape = gateway.scrape().await;
        assert_eq!(calls(&scrape, "send", outcome, "none"), 1.0, "{act:?}");
        assert_eq!(scrape.sum("avenping_upstream_calls_total"), 1.0);
        assert_eq!(scrape.value("avenping_upstream_retries_total", &[]), 0.0);
    }
    let gateway = Setup::new(&place).await.graph("http://127.0.0.1:1").start().await;
    assert_eq!(send(&gateway).await, 500);
    let scrape = gateway.scrape().await;
    assert_eq!(calls(&scrape, "send", "not_sent", "none"), 1.0);
    assert_eq!(scrape.value("avenping_upstream_retries_total", &[]), 2.0);
}

async fn a_refusal_of_ours_is_counted_and_nothing_goes_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    let refused = [
        (gateway.post(TEXT, &text()).anonymous(), "401"),
        (gateway.post(TEXT, &json!({ "phoneNumberId": "1" })), "403"),
        (gateway.post(TEXT, &json!({ "phoneNumberId": NUMBER })), "400"),
        (gateway.ask("POST", TEXT).claiming(u64::from(u32::MAX)), "413"),
    ];
    for (ask, status) in refused {
        assert_eq!(ask.send().await.status.to_string(), status);
        assert_eq!(requests(&gateway.scrape().await, "POST", TEXT, status), 1.0);
    }
    assert_eq!(gateway.get(TEXT).send().await.status, 405);
    assert_eq!(gateway.get("/v2/nowhere").send().await.status, 404);
    let scrape = gateway.scrape().await;
    assert_eq!(requests(&scrape, "GET", TEXT, "405"), 1.0);
    assert_eq!(requests(&scrape, "GET", "none", "404"), 1.0);
    assert_eq!(requests(&scrape, "POST", TEXT, "200"), 0.0);
    assert_eq!(scrape.sum("avenping_upstream_calls_total"), 0.0);
}

async fn a_caller_that_goes_away_is_counted_as_gone(place: Place) {
    let wire = Wire::always(Act::Hang(Vec::new())).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let mut caller = gateway.connect().await;
    caller.write(&gateway.get("/v2/templates").bytes()).await;
    eventually("Graph is asked", async || !wire.requests().is_empty()).await;
    let running = [("kind", "read")];
    let scrape = gateway.scrape().await;
    assert_eq!(scrape.value("avenping_upstream_calls_in_flight", &running), 1.0);
    assert_eq!(scrape.value("avenping_http_requests_in_flight", &[]), 2.0);
    drop(caller);
    eventually("it is noticed", async || {
        requests(&gateway.scrape().await, "GET", "/v2/templates", "499") == 1.0
    })
    .await;
    let scrape = gateway.scrape().await;
    assert_eq!(calls(&scrape, "read", "abandoned", "none"), 1.0);
    assert_eq!(scrape.value("avenping_upstream_calls_in_flight", &running), 0.0);
    assert_eq!(scrape.value("avenping_http_requests_in_flight", &[]), 1.0);
}

async fn each_kind_of_call_is_counted_as_what_it_is(place: Place) {
    let gateway = Gateway::start(&place).await;
    let meta = &gateway.meta;
    let bytes = format!("{}/bytes", meta.url());
    let known = json!({ "id": "77", "url": bytes, "mime_type": "text/plain" }).to_string();
    meta.answers("GET", "/v23.0/77", 200, &known).await;
    meta.answers("DELETE", "/v23.0/77", 200, r#"{"success":true}"#).await;
    meta.answers("GET", "/bytes", 200, "the bytes").await;
    meta.answers("POST", &format!("/v23.0/{NUMBER}/media"), 200, r#"{"id":"77"}"#).await;

    let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    assert_eq!(upload.header("Content-Type", "text/plain").body("x").send().await.status, 200);
    assert_eq!(gateway.get("/v2/media/77").send().await.status, 200);
    assert_eq!(gateway.get("/v2/media/77/download").send().await.status, 200);
    assert_eq!(gateway.ask("DELETE", "/v2/media/77").send().await.status, 200);
    let scrape = gateway.scrape().await;
    // Nothing is fetched or deleted before it is looked up.
    let expected = [("upload", 1.0), ("read", 3.0), ("media", 1.0), ("write", 1.0)];
    for (kind, count) in expected {
        assert_eq!(calls(&scrape, kind, "ok", "none"), count, "{kind}");
    }
    assert_eq!(scrape.sum("avenping_upstream_calls_total"), 6.0);
}

async fn keys_are_counted_by_what_they_were_found_to_be(place: Place) {
    let gateway = Gateway::start(&place).await;
    let keyed = |key: &str| gateway.post(TEXT, &text()).header("Idempotency-Key", key);
    keyed("one").send().await;
    keyed("one").send().await;
    let other = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Bye" });
    let reused = gateway.post(TEXT, &other).header("Idempotency-Key", "one").send().await;
    assert_eq!(reused.status, 422);
    let path = format!("/v23.0/{NUMBER}/messages");
    gateway.meta.answers("POST", &path, 500, "<html>").await;
    let unknown = keyed("two").send().await;
    keyed("two").send().await;
    let scrape = gateway.scrape().await;
    for (result, count) in
        [("won", 2.0), ("replayed", 1.0), ("reused", 1.0), ("unknown", 1.0), ("in_progress", 0.0)]
    {
        assert_eq!(claims(&scrape, result), count, "{result}");
    }

    let mut told = status("wamid.told-later", "sent", 1_700_000_010);
    told["biz_opaque_callback_data"] = unknown.header("x-message-id").unwrap().into();
    post(&gateway, &envelope(&json!({ "statuses": [told] })).to_string()).await;
    assert_eq!(keyed("two").send().await.status, 200);
    gateway.store.close().await;
    assert_eq!(keyed("three").send().await.status, 503);
    let scrape = gateway.scrape().await;
    assert_eq!((claims(&scrape, "resolved"), claims(&scrape, "failed")), (1.0, 1.0));
    assert_eq!(scrape.sum("avenping_idempotency_claims_total"), 7.0);
}

async fn a_scrape_works_while_the_database_is_away(place: Place) {
    let gateway = Gateway::start(&place).await;
    let age = "avenping_deliveries_oldest_due_age_seconds";
    assert!(gateway.scrape().await.families.contains_key(age));
    gateway.store.close().await;
    assert_eq!(gateway.get("/v2/me").send().await.status, 503);
    eventually("nobody knows it any more", async || {
        !gateway.scrape().await.families.contains_key(age)
    })
    .await;
    let scrape = gateway.scrape().await;
    assert!(!scrape.families.contains_key("avenping_deliveries_pending"));
    assert!(scrape.value("avenping_store_errors_total", &[("kind", "unavailable")]) >= 2.0);
    assert_eq!(scrape.value("avenping_store_errors_total", &[("kind", "refused")]), 0.0);
    assert_eq!(requests(&scrape, "GET", "/v2/me", "503"), 1.0);
    assert_eq!(gateway.get("/v2/ready").anonymous().send().await.status, 503);
}

async fn metrics_can_have_a_listener_of_their_own(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.metrics_bind = Some("127.0.0.1:0".parse().unwrap());
    let mut gateway = setup.start().await;
    let own = gateway.metrics_address().expect("there is a second listener");
    assert_ne!(own, gateway.address());
    let not_here = gateway.get("/metrics").send().await;
    not_here.refused(404, "NOT_FOUND", "Route not found");
    let document = gateway.get("/v2/openapi.json").send().await.json();
    assert!(document["paths"]["/metrics"].is_null() && document["paths"]["/v2/me"].is_object());

    assert_eq!(send(&gateway).await, 200);
    let scrape = Scrape::of(Ask::new(own, "GET", "/metrics")).await;
    assert_eq!(requests(&scrape, "POST", TEXT, "200"), 1.0);
    for (method, target) in [("GET", "/v2/health"), ("POST", TEXT), ("GET", "/"), ("GET", "/v2/me")]
    {
        let answer = Ask::new(own, method, target).send().await;
        answer.refused(404, "NOT_FOUND", "Route not found");
    }
    gateway.stop();
    gateway.stopped().await;
    assert!(tokio::net::TcpStream::connect(own).await.is_err());
}

async fn the_process_tells_of_itself(place: Place) {
    let gateway = Gateway::start(&place).await;
    let scrape = gateway.scrape().await;
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(scrape.value("avenping_build_info", &version), 1.0);
    assert_eq!(scrape.value("process_start_time_seconds", &[]), 1_800_000_000.0);
    assert!(scrape.value("process_resident_memory_bytes", &[]) > 1_000_000.0);
    let open = scrape.value("process_open_fds", &[]);
    assert!(open > 2.0 && open <= scrape.value("process_max_fds", &[]), "{open}");
}
