//! The breaker of a phone number: when Graph keeps failing for it, Graph is left alone for a while.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, META_TOKEN, NUMBER, Place, Setup, Wire, another, answer,
    cases, eventually, token_of,
};

cases![
    ten_failures_in_a_row_shut_the_number_and_the_eleventh_never_reaches_meta,
    what_is_refused_leaves_no_record,
    other_numbers_go_on,
    each_kind_of_failure_counts,
    half_of_twenty_shut_it_without_ten_in_a_row,
    graphs_4xx_never_shuts_it,
    when_its_time_is_over_one_is_let_through_and_its_success_lets_all,
    each_trial_that_fails_doubles_the_wait_up_to_fifteen_seconds,
    a_key_that_is_refused_stays_free_and_works_later,
    a_key_that_was_used_is_answered_as_before_while_it_is_shut,
    an_upload_is_refused_like_a_send,
    how_many_failures_and_how_long_are_settings,
];

const TEXT: &str = "/v2/messages/send/text";
const SHUT: &str = "WhatsApp keeps failing for this number; try again later";
const OTHER: &str = "999000999";

fn from(gateway: &Gateway, number: &str) -> Ask {
    gateway.post(TEXT, &json!({ "phoneNumberId": number, "to": "15551234567", "text": "Hi" }))
}

async fn send(gateway: &Gateway) -> Answer {
    from(gateway, NUMBER).send().await
}

async fn meta_says(gateway: &Gateway, status: u16, body: &str) {
    gateway.meta.forget().await;
    gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), status, body).await;
}

/// Graph fails, and the gateway has found out.
async fn shut(gateway: &Gateway) {
    meta_says(gateway, 500, "").await;
    for _ in 0..10 {
        assert_eq!(send(gateway).await.json()["details"]["outcome"], "unknown");
    }
    send(gateway).await.shut(SHUT, "5");
}

async fn ten_failures_in_a_row_shut_the_number_and_the_eleventh_never_reaches_meta(place: Place) {
    let compatible = Gateway::start(&place).await;
    let mapped = Setup::new(&place).await.mapped().start().await;
    for gateway in [&compatible, &mapped] {
        shut(gateway).await;
        assert_eq!(gateway.meta.count().await, 10);
        gateway.clock.advance(Duration::from_millis(1_200));
        send(gateway).await.shut(SHUT, "4");
        gateway.clock.advance(Duration::from_millis(3_799));
        send(gateway).await.shut(SHUT, "1");
        assert_eq!(gateway.meta.count().await, 10);
    }
}

async fn what_is_refused_leaves_no_record(place: Place) {
    let gateway = Gateway::start(&place).await;
    shut(&gateway).await;
    keyed(&gateway, "k").send().await.shut(SHUT, "5");
    gateway.outlast_breakers();
    meta_says(&gateway, 200, ACCEPTED).await;
    let last = send(&gateway).await;
    // Records are written in the order of the sends: with the last one all are there.
    let mut listed = Value::Null;
    eventually("the last record is written", async || {
        listed = gateway.get("/v2/messages").send().await.data();
        listed["items"].as_array().unwrap().len() >= 11
    })
    .await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 11, "{listed}");
    assert_eq!(listed["items"][0]["id"].as_str(), last.header("x-message-id"));
}

async fn other_numbers_go_on(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&another("bob", META_TOKEN, &[NUMBER, OTHER])).await;
    shut(&gateway).await;
    let meta = &gateway.meta;
    meta.answers("POST", &format!("/v23.0/{OTHER}/messages"), 200, ACCEPTED).await;
    let bob = token_of("bob");
    assert_eq!(from(&gateway, OTHER).token(&bob).send().await.status, 200);
    // It is the number that is shut, whoever sends from it.
    from(&gateway, NUMBER).token(&bob).send().await.shut(SHUT, "5");
}

async fn each_kind_of_failure_counts(place: Place) {
    let whole = answer(200, "", ACCEPTED);
    let half = whole[..whole.len() - 20].to_vec();
    for act in [
        Act::Answer(answer(503, "", r#"{"error":{"code":2,"message":"down"}}"#)),
        Act::Close(Vec::new()),
        Act::Reset(Vec::new()),
        Act::ResetAfterReading(1),
        Act::Close(half),
        Act::Hang(Vec::new()),
    ] {
        let wire = Wire::always(act.clone()).await;
        let mut setup = Setup::new(&place).await.graph(&wire.url());
        setup.settings.graph.breakers.failures = 3;
        setup.settings.graph.send_timeout = Duration::from_millis(150).into();
        let gateway = setup.start().await;
        for _ in 0..3 {
            assert_eq!(send(&gateway).await.json()["details"]["outcome"], "unknown", "{act:?}");
        }
        let told = send(&gateway).await;
        assert_eq!(told.status, 503, "{act:?}: {}", told.text());
        assert_eq!(told.json()["details"], json!({ "outcome": "not_sent", "retryable": true }));
        assert_eq!(wire.requests().len(), 3, "{act:?}");
    }
}

async fn half_of_twenty_shut_it_without_ten_in_a_row(place: Place) {
    let fine = || Act::Answer(answer(200, "", ACCEPTED));
    let broken = || Act::Answer(answer(500, "", ""));
    let acts: Vec<_> = (0..10).flat_map(|_| [fine(), broken()]).collect();
    let wire = Wire::start(acts).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    for nth in 0..20 {
        let expected = if nth % 2 == 0 { 200 } else { 500 };
        assert_eq!(send(&gateway).await.status, expected, "{nth}");
        // Twenty within nine and a half seconds.
        gateway.clock.advance(Duration::from_millis(500));
    }
    assert_eq!(send(&gateway).await.status, 503);
    assert_eq!(wire.requests().len(), 20);
}

async fn graphs_4xx_never_shuts_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, body) in [
        (400, r#"{"error":{"code":100,"message":"No"}}"#),
        (400, r#"{"error":{"code":130429,"message":"slow"}}"#),
        (403, r#"{"error":{"code":10,"message":"No"}}"#),
        (404, r#"{"error":{"code":132001,"message":"No"}}"#),
        (429, "slow down"),
        (408, ""),
        (400, "<html>a proxy</html>"),
        (200, r#"{"error":{"code":131026,"message":"No"}}"#),
    ] {
        meta_says(&gateway, status, body).await;
        let answers = join_all((0..25).map(|_| send(&gateway))).await;
        assert!(answers.iter().all(|answer| answer.status == 500), "{status} {body}");
        assert_eq!(gateway.meta.count().await, 25, "{status} {body}");
    }
    // Nor do they hide what does: it is ten in a row that count, and a 4xx ends the row.
    for _ in 0..3 {
        for (status, times) in [(500, 9), (400, 1)] {
            meta_says(&gateway, status, r#"{"error":{"code":100,"message":"No"}}"#).await;
            for _ in 0..times {
                assert_eq!(send(&gateway).await.status, 500);
            }
        }
        gateway.clock.advance(Duration::from_secs(10));
    }
}

async fn when_its_time_is_over_one_is_let_through_and_its_success_lets_all(place: Place) {
    let broken = Act::Answer(answer(500, "", ""));
    let held = Act::AnswerWhenTold(answer(200, "", ACCEPTED));
    let wire = Wire::start([broken.clone(), broken, held, Act::Answer(answer(200, "", ACCEPTED))]);
    let wire = wire.await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.graph.breakers.failures = 2;
    let gateway = setup.start().await;
    for _ in 0..2 {
        assert_eq!(send(&gateway).await.status, 500);
    }
    gateway.clock.advance(Duration::from_secs(5));

    let trial = tokio::spawn(from(&gateway, NUMBER).send());
    eventually("Graph is tried", async || wire.requests().len() == 3).await;
    for answer in join_all((0..10).map(|_| send(&gateway))).await {
        answer.shut(SHUT, "1");
    }
    assert_eq!(wire.requests().len(), 3);
    wire.tell();
    assert_eq!(trial.await.unwrap().status, 200);
    let answers = join_all((0..10).map(|_| send(&gateway))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(wire.requests().len(), 13);
}

async fn each_trial_that_fails_doubles_the_wait_up_to_fifteen_seconds(place: Place) {
    let gateway = Gateway::start(&place).await;
    shut(&gateway).await;
    for (wait, next) in [(5, "10"), (10, "15"), (15, "15"), (15, "15")] {
        gateway.clock.advance(Duration::from_secs(wait));
        assert_eq!(send(&gateway).await.status, 500);
        send(&gateway).await.shut(SHUT, next);
    }
    assert_eq!(gateway.meta.count().await, 14);
    gateway.clock.advance(Duration::from_secs(15));
    meta_says(&gateway, 200, ACCEPTED).await;
    assert_eq!(send(&gateway).await.status, 200);
    // It has closed, and begins anew.
    shut(&gateway).await;
}

fn keyed(gateway: &Gateway, key: &str) -> Ask {
    from(gateway, NUMBER).header("Idempotency-Key", key)
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

async fn a_key_that_is_refused_stays_free_and_works_later(place: Place) {
    let gateway = Gateway::start(&place).await;
    shut(&gateway).await;
    for _ in 0..3 {
        keyed(&gateway, "k").send().await.shut(SHUT, "5");
    }
    meta_says(&gateway, 200, ACCEPTED).await;
    gateway.clock.advance(Duration::from_secs(5));
    let first = keyed(&gateway, "k").send().await;
    assert_eq!((first.status, is_replay(&first)), (200, false), "{}", first.text());
    let again = keyed(&gateway, "k").send().await;
    assert_eq!((again.status, is_replay(&again)), (200, true));
    assert_eq!(gateway.meta.count().await, 1);
}

async fn a_key_that_was_used_is_answered_as_before_while_it_is_shut(place: Place) {
    let gateway = Gateway::start(&place).await;
    let sent = keyed(&gateway, "sent").send().await;
    assert_eq!(sent.status, 200);
    meta_says(&gateway, 500, "").await;
    let unknown = keyed(&gateway, "unknown").send().await;
    shut_after(&gateway, 9).await;
    // "Not sent" would be a lie about these two.
    for (key, first) in [("sent", &sent), ("unknown", &unknown)] {
        let again = keyed(&gateway, key).send().await;
        again.is(first.status, first.text());
        assert!(is_replay(&again), "{key}");
        assert_eq!(again.header("x-message-id"), first.header("x-message-id"));
    }
    let mut other: Value = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Bye" });
    let reused = gateway.post(TEXT, &other).header("Idempotency-Key", "sent").send().await;
    assert_eq!(reused.status, 422);
    other["text"] = "Hi".into();
    gateway.post(TEXT, &other).header("Idempotency-Key", "free").send().await.shut(SHUT, "5");
}

async fn shut_after(gateway: &Gateway, failures: usize) {
    for _ in 0..failures {
        assert_eq!(send(gateway).await.status, 500);
    }
    send(gateway).await.shut(SHUT, "5");
}

async fn an_upload_is_refused_like_a_send(place: Place) {
    let compatible = Gateway::start(&place).await;
    let mapped = Setup::new(&place).await.mapped().start().await;
    for gateway in [&compatible, &mapped] {
        meta_says(gateway, 500, "").await;
        for _ in 0..10 {
            assert_ne!(send(gateway).await.status, 200);
        }
        let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
        upload.body("the bytes").send().await.shut(SHUT, "5");
        assert_eq!(gateway.meta.count().await, 10);
    }
}

async fn how_many_failures_and_how_long_are_settings(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.graph.breakers.failures = 1;
    setup.settings.graph.breakers.open = Duration::from_secs(40).into();
    let gateway = setup.start().await;
    meta_says(&gateway, 500, "").await;
    assert_eq!(send(&gateway).await.status, 500);
    for (wait, next) in [(40, "80"), (80, "120"), (120, "120")] {
        send(&gateway).await.shut(SHUT, &wait.to_string());
        gateway.clock.advance(Duration::from_secs(wait));
        assert_eq!(send(&gateway).await.status, 500);
        send(&gateway).await.shut(SHUT, next);
    }
}
