//! Traces, as a collector gets them from the program itself.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod program;
mod spans;

use std::net::TcpListener;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use program::{API_TOKEN, Log, META_TOKEN, NUMBER, Program};
use spans::{Span, spans_of};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const TEXT: &str = "the-text-of-the-message";
const RECIPIENT: &str = "15557654321";
const COLLECTORS_SECRET: &str = "the-collectors=secret";
const CLIENT: u64 = 3;
const SERVER: u64 = 2;
const ERROR: u64 = 2;

/// A server that answers all that it is asked in this way.
async fn answering(verb: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb)).respond_with(answer).mount(&server).await;
    server
}

async fn graph() -> MockServer {
    let accepted = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": RECIPIENT, "wa_id": RECIPIENT }],
        "messages": [{ "id": "wamid.1" }],
    });
    answering("POST", ResponseTemplate::new(200).set_body_json(accepted)).await
}

async fn collector() -> MockServer {
    answering("POST", ResponseTemplate::new(200)).await
}

fn text() -> Value {
    json!({ "phoneNumberId": NUMBER, "to": RECIPIENT, "text": TEXT })
}

/// What Graph was told of the trace, call by call.
async fn told(graph: &MockServer) -> Vec<Option<String>> {
    let asked = graph.received_requests().await.unwrap();
    let header = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    asked.iter().map(|call| call.headers.get("traceparent").map(header)).collect()
}

/// All that the collector got.
async fn exported(collector: &MockServer) -> Vec<Span> {
    let posts = collector.received_requests().await.unwrap();
    posts.iter().flat_map(|post| spans_of(&post.body)).collect()
}

fn traceparent(trace: &str, span: &str, flags: &str) -> String {
    format!("00-{trace}-{span}-{flags}")
}

fn request_lines(log: &Log) -> Vec<&Value> {
    log.0.iter().filter(|line| line["target"] == "avenping::request").collect()
}

#[tokio::test]
async fn a_request_and_its_call_to_graph_are_spans_of_the_callers_trace() {
    let (graph, collector) = (graph().await, collector().await);
    let headers = format!("x-collector={}", COLLECTORS_SECRET.replace('=', "%3D"));
    let program = Program::start(&[
        ("AVENPING_GRAPH_URL", &graph.uri()),
        ("AVENPING_LOG", "trace"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri()),
        ("OTEL_EXPORTER_OTLP_HEADERS", &headers),
    ]);
    let sent = program.send(&text(), Some(&traceparent(TRACE, PARENT, "01"))).await;
    assert_eq!(sent.status(), 200);
    let request_id = sent.headers()["x-request-id"].to_str().unwrap().to_owned();
    let log = program.stop();

    let posts = collector.received_requests().await.unwrap();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].url.path(), "/v1/traces");
    assert_eq!(posts[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(posts[0].headers["x-collector"], COLLECTORS_SECRET);
    let body = String::from_utf8_lossy(&posts[0].body);
    for secret in [API_TOKEN, META_TOKEN, TEXT, RECIPIENT, COLLECTORS_SECRET] {
        assert!(!body.contains(secret), "a span tells {secret}");
    }
    for secret in [API_TOKEN, META_TOKEN, COLLECTORS_SECRET] {
        assert!(!log.text().contains(secret), "the log tells {secret}");
    }

    let spans = exported(&collector).await;
    let [call, request] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((request.trace.as_str(), request.parent.as_str()), (TRACE, PARENT));
    assert_eq!((request.kind, request.status), (SERVER, 0));
    assert_eq!(request.name, "POST /v2/messages/send/text");
    assert!(request.started < call.started && call.ended < request.ended);
    let line = request_lines(&log)[0];
    let account = line["account"].as_str().unwrap();
    let expected = json!({
        "http.request.method": "POST",
        "http.route": "/v2/messages/send/text",
        "http.response.status_code": 200,
        "avenping.request_id": request_id,
        "avenping.account": account,
        "avenping.to": "…4321",
        "avenping.outcome": "sent",
    });
    assert_eq!(request.attributes, expected);
    assert_eq!(line["trace_id"], TRACE);

    assert_eq!((&call.trace, &call.parent), (&request.trace, &request.span));
    assert_eq!((call.name.as_str(), call.kind, call.status), ("graph send", CLIENT, 0));
    let expected = json!({
        "avenping.call": "send",
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": graph.address().port(),
        "http.response.status_code": 200,
    });
    assert_eq!(call.attributes, expected);
    assert_eq!(told(&graph).await, [Some(traceparent(TRACE, &call.span, "01"))]);
    let service = json!({ "service.name": "avenping-gateway" });
    assert_eq!(call.service["service.name"], service["service.name"]);
}

#[tokio::test]
async fn a_caller_without_a_trace_begins_one_and_one_that_is_not_kept_stays_so() {
    let (graph, collector) = (graph().await, collector().await);
    let program = Program::start(&[
        ("AVENPING_GRAPH_URL", &graph.uri()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("{}/", collector.uri())),
        ("OTEL_SERVICE_NAME", "whatsapp"),
    ]);
    assert_eq!(program.send(&text(), None).await.status(), 200);
    let unkept = traceparent(TRACE, PARENT, "00");
    assert_eq!(program.send(&text(), Some(&unkept)).await.status(), 200);
    let log = program.stop();

    let spans = exported(&collector).await;
    let [call, request] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((request.parent.as_str(), &call.parent), ("", &request.span));
    assert_eq!(request.service["service.name"], "whatsapp");
    let lines = request_lines(&log);
    assert_eq!((&lines[0]["trace_id"], &lines[1]["trace_id"]), (&json!(call.trace), &json!(TRACE)));

    let told = told(&graph).await;
    assert_eq!(told[0], Some(traceparent(&call.trace, &call.span, "01")));
    let second = told[1].as_ref().unwrap();
    assert!(second.starts_with(&format!("00-{TRACE}-")) && second.ends_with("-00"), "{second}");
    assert!(!second.contains(PARENT), "it names our own span");
}

#[tokio::test]
async fn failures_are_told_and_each_try_has_a_span() {
    let graph = answering("GET", ResponseTemplate::new(500)).await;
    let refusal = json!({ "error": { "message": format!("no, {META_TOKEN}"), "code": 100 } });
    let refused = ResponseTemplate::new(400).set_body_json(refusal);
    Mock::given(path(format!("/v23.0/{NUMBER}/messages")))
        .respond_with(refused)
        .mount(&graph)
        .await;
    let collector = collector().await;
    let program = Program::start(&[
        ("AVENPING_GRAPH_URL", &graph.uri()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri()),
    ]);
    assert_eq!(program.get("/v2/templates").await.status(), 500);
    assert_eq!(program.send(&text(), None).await.status(), 500);
    assert_eq!(program.get(&format!("/nowhere/{RECIPIENT}")).await.status(), 404);
    program.stop();

    let spans = exported(&collector).await;
    let of_graph = |kind: &str| -> Vec<&Span> {
        spans.iter().filter(|span| span.attributes["avenping.call"] == kind).collect()
    };
    let reads = of_graph("read");
    assert_eq!(reads.len(), 3, "{spans:?}");
    for (tries, read) in reads.iter().enumerate() {
        assert_eq!(read.attributes["http.response.status_code"], 500);
        assert_eq!((read.status, &read.attributes["error.type"]), (ERROR, &json!("unknown")));
        assert_eq!(
            read.attributes["http.request.resend_count"].as_u64().unwrap_or(0),
            tries as u64
        );
        assert_eq!(read.parent, reads[0].parent);
    }
    let sends = of_graph("send");
    assert_eq!((sends.len(), &sends[0].attributes["error.type"]), (1, &json!("rejected")));
    let requests: Vec<_> = spans.iter().filter(|span| span.kind == SERVER).collect();
    let told: Vec<_> = requests.iter().map(|span| (span.name.as_str(), span.status)).collect();
    let expected =
        [("GET /v2/templates", ERROR), ("POST /v2/messages/send/text", ERROR), ("GET", 0)];
    assert_eq!(told, expected);
    assert_eq!(requests[1].attributes["avenping.outcome"], "rejected");
    assert!(requests[2].attributes.get("http.route").is_none());
    let posts = collector.received_requests().await.unwrap();
    for secret in [API_TOKEN, META_TOKEN, RECIPIENT] {
        let tells = |body: &[u8]| String::from_utf8_lossy(body).contains(secret);
        assert!(!posts.iter().any(|post| tells(&post.body)), "a span tells {secret}");
    }
}

#[tokio::test]
async fn the_bytes_of_a_media_are_a_call_and_its_answer_is_told() {
    let graph = MockServer::start().await;
    let get = |at: String| Mock::given(method("GET")).and(path(at));
    for (media, status) in [("77", 200), ("78", 403)] {
        let info = json!({
            "id": media,
            "url": format!("{}/bytes/{media}", graph.uri()),
            "mime_type": "image/png",
        });
        let known = ResponseTemplate::new(200).set_body_json(info);
        get(format!("/v23.0/{media}")).respond_with(known).mount(&graph).await;
        let bytes = ResponseTemplate::new(status).set_body_string("the bytes");
        get(format!("/bytes/{media}")).respond_with(bytes).mount(&graph).await;
    }
    let collector = collector().await;
    let program = Program::start(&[
        ("AVENPING_GRAPH_URL", &graph.uri()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri()),
    ]);
    assert_eq!(program.get("/v2/media/77/download").await.status(), 200);
    assert_ne!(program.get("/v2/media/78/download").await.status(), 200);
    program.stop();

    let spans = exported(&collector).await;
    let calls = spans.iter().filter(|span| span.attributes["avenping.call"] == "media");
    let told: Vec<_> =
        calls.map(|call| (&call.attributes["http.response.status_code"], call.status)).collect();
    assert_eq!(told.first(), Some(&(&json!(200), 0)), "{spans:?}");
    assert!(told.len() > 1, "{spans:?}");
    assert!(told[1..].iter().all(|refused| *refused == (&json!(403), ERROR)), "{spans:?}");
}

#[tokio::test]
async fn a_collector_that_is_away_harms_nobody() {
    let graph = graph().await;
    // The one refuses every connection; the other takes them, and never answers.
    let gone = {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
        nobody.local_addr().unwrap()
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let failing = answering("POST", ResponseTemplate::new(503)).await;
    let collectors = [
        format!("http://{gone}"),
        format!("http://{}", silent.local_addr().unwrap()),
        failing.uri(),
    ];
    for collector in collectors {
        let program = Program::start(&[
            ("AVENPING_GRAPH_URL", &graph.uri()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
            // An export begins with every span, and few fit in: what is too much is left out.
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ]);
        for _ in 0..10 {
            assert_eq!(program.send(&text(), None).await.status(), 200);
        }
        let log = program.stop();
        assert_eq!(request_lines(&log).len(), 10);
        let told = ["traces cannot be exported", "the last traces were not exported in time"];
        let warned = log.0.iter().filter(|line| line["level"] == "WARN");
        let warned: Vec<_> = warned.map(|line| line["message"].as_str().unwrap()).collect();
        let each_once = told.iter().filter(|told| warned.contains(told)).count();
        assert!(!warned.is_empty() && warned.len() == each_once, "{}", log.text());
    }
}

#[tokio::test]
async fn without_an_address_a_trace_is_passed_on_and_nothing_else_happens() {
    let graph = graph().await;
    let program = Program::start(&[("AVENPING_GRAPH_URL", &graph.uri())]);
    let trace = traceparent(TRACE, PARENT, "01");
    assert_eq!(program.send(&text(), Some(&trace)).await.status(), 200);
    assert_eq!(program.send(&text(), None).await.status(), 200);
    let log = program.stop();
    assert_eq!(told(&graph).await, [Some(trace), None]);
    assert!(request_lines(&log)[1]["trace_id"].is_null());
}

#[test]
fn settings_that_cannot_be_right_stop_the_start_and_are_not_repeated() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    for (name, wrong) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization the-collectors-secret"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ] {
        let ended = Program::refused(&[endpoint, (name, wrong)]);
        assert!(ended.contains(name), "{ended}");
        assert!(!ended.contains("the-collectors-secret"), "{ended}");
    }
}
