//! Connections: kept while they are used, closed when they are only held.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Gateway, Place, Setup, cases};

cases![
    a_slow_or_silent_head_ends_the_connection,
    a_connection_that_has_been_used_outlives_the_time_for_a_head,
    slow_connections_do_not_hold_up_others,
    requests_written_at_once_are_answered_in_their_order,
    a_caller_that_closes_its_half_still_gets_its_answer,
    http_1_0_is_served_and_closed,
    an_early_answer_reaches_a_caller_that_is_still_writing,
    a_connection_outlives_a_small_body_that_nobody_wanted,
];

const HEALTH: &[u8] = b"GET /v2/health HTTP/1.1\r\nHost: x\r\n\r\n";

async fn hasty(place: &Place) -> Gateway {
    let mut setup = Setup::new(place).await;
    setup.settings.listener.header_timeout = Duration::from_millis(100).into();
    setup.start().await
}

async fn a_slow_or_silent_head_ends_the_connection(place: Place) {
    let gateway = hasty(&place).await;
    for start in [&b""[..], b"G", b"GET /v2/health HTTP/1.1\r\nHost: x\r\n", b"\r\n"] {
        let mut connection = gateway.connect().await;
        connection.write(start).await;
        // A word about it is allowed; an open connection is not.
        while let Some(answer) = connection.answer().await {
            assert!(answer.status >= 400);
        }
    }
    // Also behind a request that was served.
    let mut connection = gateway.connect().await;
    connection.write(HEALTH).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    connection.write(b"GET /v2/hea").await;
    while let Some(answer) = connection.answer().await {
        assert!(answer.status >= 400);
    }
}

async fn a_connection_that_has_been_used_outlives_the_time_for_a_head(place: Place) {
    let gateway = hasty(&place).await;
    let mut used = gateway.connect().await;
    assert_eq!(used.ask(gateway.get("/v2/me")).await.status, 200);
    for _ in 0..3 {
        // The end of a silent connection that was opened later shows that the time is over.
        let mut silent = gateway.connect().await;
        while silent.answer().await.is_some() {}
        assert_eq!(used.ask(gateway.get("/v2/me")).await.status, 200);
    }
}

async fn slow_connections_do_not_hold_up_others(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut connection = gateway.connect().await;
        connection.write(b"GET / HTTP/1.1\r\n").await;
        slow.push(connection);
    }
    for _ in 0..20 {
        assert_eq!(gateway.get("/v2/me").send().await.status, 200);
    }
    for connection in &mut slow {
        connection.write(b"Host: x\r\n\r\n").await;
        assert_eq!(connection.answer().await.unwrap().status, 200);
    }
}

async fn requests_written_at_once_are_answered_in_their_order(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut connection = gateway.connect().await;
    let all: Vec<u8> = ["one", "two", "three"]
        .iter()
        .flat_map(|id| gateway.get("/v2/me").header("X-Request-Id", id).bytes())
        .collect();
    connection.write(&all).await;
    for id in ["one", "two", "three"] {
        assert_eq!(connection.answer().await.unwrap().header("x-request-id"), Some(id));
    }
}

async fn a_caller_that_closes_its_half_still_gets_its_answer(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut connection = gateway.connect().await;
    connection.write(HEALTH).await;
    connection.close_writing().await;
    if let Some(answer) = connection.answer().await {
        assert_eq!(answer.status, 200);
        connection.ends().await;
    }
}

async fn http_1_0_is_served_and_closed(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut connection = gateway.connect().await;
    connection.write(b"GET /v2/health HTTP/1.0\r\n\r\n").await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    connection.ends().await;
}

async fn an_early_answer_reaches_a_caller_that_is_still_writing(place: Place) {
    let gateway = Gateway::start(&place).await;
    let upload = |target: &str| gateway.post(target, &json!({})).claiming(1 << 20);
    for (ask, status) in
        [(upload("/v2/nothing"), 404), (upload("/v2/media/upload").anonymous(), 401)]
    {
        let mut connection = gateway.connect().await;
        connection.write(&ask.bytes()).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
        // Nobody has read what comes now, and nobody will; that is no reason to cut it off.
        connection.write(&[b'a'; 10]).await;
        connection.write(&[b'b'; 10]).await;
        connection.close_writing().await;
        connection.ends().await;
    }
}

async fn a_connection_outlives_a_small_body_that_nobody_wanted(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut connection = gateway.connect().await;
    for _ in 0..3 {
        connection.write(&gateway.post("/v2/nothing", &json!({})).claiming(20).bytes()).await;
        connection.write(&[b'a'; 20]).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!((answer.status, answer.header("connection")), (404, None));
    }
}
