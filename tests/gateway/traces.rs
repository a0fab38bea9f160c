//! `traceparent`: passed on to Graph when it is right, and to nobody else.

use serde_json::json;

use crate::harness::{Ask, Gateway, NUMBER, Place, Setup, WABA, cases, eventually};
use crate::inbound::{envelope, post};

cases![
    a_trace_goes_along_with_every_call_to_graph,
    what_is_no_trace_is_left_out_and_harms_nobody,
    customers_are_not_told_of_traces,
];

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn send(gateway: &Gateway) -> Ask {
    let text = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    gateway.post("/v2/messages/send/text", &text)
}

/// What Graph was told last.
async fn told(gateway: &Gateway) -> Option<String> {
    let last = gateway.meta.asked().await.pop().expect("Graph was asked");
    let mut values = last.headers.get_all("traceparent").iter();
    let first = values.next().map(|value| value.to_str().unwrap().to_owned());
    assert!(values.next().is_none());
    first
}

async fn a_trace_goes_along_with_every_call_to_graph(place: Place) {
    let gateway = Gateway::start(&place).await;
    let list = format!("/v23.0/{WABA}/message_templates");
    gateway.meta.answers("GET", &list, 200, r#"{"data":[]}"#).await;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/media"), 200, r#"{"id":"1"}"#).await;
    let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    let asks = [
        send(&gateway),
        send(&gateway).header("Idempotency-Key", "k"),
        gateway.get("/v2/templates"),
        upload.header("Content-Type", "text/plain").body("x"),
    ];
    for (number, ask) in asks.into_iter().enumerate() {
        assert_eq!(ask.header("TraceParent", TRACE).send().await.status, 200);
        assert_eq!(gateway.meta.count().await, number + 1);
        assert_eq!(told(&gateway).await.as_deref(), Some(TRACE));
    }
    assert_eq!(send(&gateway).send().await.status, 200);
    assert_eq!(told(&gateway).await, None);
}

async fn what_is_no_trace_is_left_out_and_harms_nobody(place: Place) {
    let gateway = Gateway::start(&place).await;
    let wrong = [
        TRACE.to_uppercase(),
        TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        format!("{TRACE}-extra"),
        TRACE.replacen("00", "ff", 1),
        "x".repeat(4000),
        String::new(),
    ];
    for header in wrong {
        let answer = send(&gateway).header("traceparent", &header).send().await;
        assert_eq!((answer.status, told(&gateway).await), (200, None), "{header}");
    }
    let twice = send(&gateway).header("traceparent", TRACE).header("traceparent", TRACE);
    assert_eq!((twice.send().await.status, told(&gateway).await), (200, None));
    let no_text = send(&gateway).header("traceparent", [0xff; 55]);
    assert_eq!((no_text.send().await.status, told(&gateway).await), (200, None));
}

async fn customers_are_not_told_of_traces(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.webhooks.allow_private = true;
    let gateway = setup.start().await;
    let url = format!("{}/hook", gateway.meta.url());
    let webhook = json!({ "webhookUrl": url, "events": ["newMessage"] });
    gateway.post("/v2/webhooks/config", &webhook).send().await;
    let tested = gateway.post("/v2/webhooks/test", &json!({})).header("traceparent", TRACE);
    assert_eq!(tested.send().await.status, 200);
    let message = json!({ "messages": [{ "from": "1", "id": "wamid.1" }] });
    post(&gateway, &envelope(&message).to_string()).await;
    eventually("both calls came", async || gateway.meta.count().await == 2).await;
    let asked = gateway.meta.asked().await;
    assert!(asked.iter().all(|call| !call.headers.contains_key("traceparent")), "{asked:?}");
}
