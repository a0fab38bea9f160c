//! The breaker of Graph's host: when nobody answers there, nobody is called there for a while.

use std::time::Duration;

use serde_json::json;

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, META_TOKEN, NUMBER, Place, Setup, Wire, another, answer,
    cases, deaf, eventually, token_of,
};

cases![
    refused_connections_shut_the_host_for_everybody,
    a_dead_host_is_left_alone_after_ten_calls_and_ten_retries,
    graphs_own_failures_never_shut_it,
    reads_shut_it_as_sends_do,
    a_trial_whose_caller_goes_away_leaves_the_next_one_its_place,
    a_host_that_answers_again_is_open_to_all,
];

const TEXT: &str = "/v2/messages/send/text";
const SHUT: &str = "WhatsApp cannot be reached; try again later";
const LIST: &str = r#"{"data":[{"name":"t"}]}"#;
const OTHER: &str = "999000999";

fn from(gateway: &Gateway, number: &str) -> Ask {
    gateway.post(TEXT, &json!({ "phoneNumberId": number, "to": "15551234567", "text": "Hi" }))
}

async fn read(gateway: &Gateway) -> Answer {
    gateway.get("/v2/templates").send().await
}

async fn refused_connections_shut_the_host_for_everybody(place: Place) {
    let (_kept, url) = deaf();
    let compatible = Setup::new(&place).await.graph(&url).start().await;
    let mapped = Setup::new(&place).await.graph(&url).mapped().start().await;
    compatible.join(&another("bob", "EAAG-the-token-of-bob", &[OTHER])).await;
    for gateway in [compatible, mapped] {
        for _ in 0..10 {
            let told = from(&gateway, NUMBER).send().await;
            assert!(matches!(told.status, 500 | 502), "{}", told.text());
            assert_eq!(told.json()["details"]["outcome"], "not_sent");
        }
        from(&gateway, NUMBER).send().await.shut(SHUT, "5");
        from(&gateway, OTHER).token(&token_of("bob")).send().await.shut(SHUT, "5");
        read(&gateway).await.shut(SHUT, "5");
        gateway.get("/v2/media/77").send().await.shut(SHUT, "5");
    }
}

async fn a_dead_host_is_left_alone_after_ten_calls_and_ten_retries(place: Place) {
    // It answers no TLS, so a connection is never made.
    let wire = Wire::always(Act::ResetAfterReading(1)).await;
    let url = wire.url().replace("http:", "https:");
    let gateway = Setup::new(&place).await.graph(&url).start().await;
    for nth in 0..50 {
        let told = read(&gateway).await;
        assert_eq!(told.json()["details"]["outcome"], "not_sent");
        assert_eq!(told.status, if nth < 10 { 500 } else { 503 });
    }
    assert_eq!(wire.connections(), 20);
}

async fn graphs_own_failures_never_shut_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&another("bob", META_TOKEN, &[OTHER])).await;
    gateway.meta.forget().await;
    let meta = &gateway.meta;
    meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 503, "").await;
    meta.answers("POST", &format!("/v23.0/{OTHER}/messages"), 200, ACCEPTED).await;
    for _ in 0..10 {
        assert_eq!(from(&gateway, NUMBER).send().await.status, 500);
    }
    assert_eq!(from(&gateway, NUMBER).send().await.status, 503);
    for _ in 0..3 {
        assert_eq!(from(&gateway, OTHER).token(&token_of("bob")).send().await.status, 200);
    }
}

/// Graph's connections break until the host is shut; what comes then meets these acts.
async fn shut(place: &Place, then: impl IntoIterator<Item = Act>) -> (Gateway, Wire) {
    let broken = || Act::Close(Vec::new());
    let acts: Vec<_> = [broken(), broken(), broken()].into_iter().chain(then).collect();
    let wire = Wire::start(acts).await;
    let mut setup = Setup::new(place).await.graph(&wire.url());
    setup.settings.graph.breakers.failures = 3;
    let gateway = setup.start().await;
    for _ in 0..3 {
        assert_eq!(from(&gateway, NUMBER).send().await.status, 500);
    }
    read(&gateway).await.shut(SHUT, "5");
    assert_eq!(wire.requests().len(), 3);
    (gateway, wire)
}

async fn reads_shut_it_as_sends_do(place: Place) {
    let wire = Wire::always(Act::Reset(Vec::new())).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.graph.breakers.failures = 3;
    let gateway = setup.start().await;
    for _ in 0..3 {
        assert_eq!(read(&gateway).await.status, 500);
    }
    read(&gateway).await.shut(SHUT, "5");
    from(&gateway, NUMBER).send().await.shut(SHUT, "5");
    // Each was asked for three times, and it is the outcome that counts.
    assert_eq!(wire.requests().len(), 9);
}

async fn a_trial_whose_caller_goes_away_leaves_the_next_one_its_place(place: Place) {
    let held = Act::AnswerWhenTold(answer(200, "", LIST));
    let (gateway, wire) = shut(&place, [held, Act::Answer(answer(200, "", LIST))]).await;
    gateway.clock.advance(Duration::from_secs(5));
    let mut caller = gateway.connect().await;
    caller.write(&gateway.get("/v2/templates").bytes()).await;
    eventually("Graph is tried", async || wire.requests().len() == 4).await;
    read(&gateway).await.shut(SHUT, "1");
    drop(caller);
    eventually("another may try", async || read(&gateway).await.status == 200).await;
    assert_eq!(wire.requests().len(), 5);
}

async fn a_host_that_answers_again_is_open_to_all(place: Place) {
    let (gateway, _wire) = shut(&place, [Act::Answer(answer(200, "", LIST))]).await;
    gateway.clock.advance(Duration::from_secs(5));
    for _ in 0..3 {
        assert_eq!(read(&gateway).await.status, 200);
    }
}
