//! Heads of requests that nobody sends by accident.

use crate::harness::{Gateway, Place, TOKEN, cases};

cases![
    a_head_that_is_not_http_gets_a_bare_refusal,
    a_huge_head_is_cut_off,
    a_token_that_is_no_text_is_a_wrong_token,
    a_request_id_in_two_headers_does_no_harm,
    two_requests_cannot_hide_in_one,
];

async fn a_head_that_is_not_http_gets_a_bare_refusal(place: Place) {
    let gateway = Gateway::start(&place).await;
    for head in ["NONSENSE\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut connection = gateway.connect().await;
        connection.write(head.as_bytes()).await;
        let answer = connection.answer().await.expect("an answer");
        assert_eq!(answer.status, 400, "{head:?}");
        assert!(answer.body.is_empty());
    }
    assert_eq!(gateway.get("/v2/health").send().await.status, 200);
}

async fn a_huge_head_is_cut_off(place: Place) {
    let gateway = Gateway::start(&place).await;
    let answer = gateway.get("/v2/health").header("X-Large", "x".repeat(500_000)).send().await;
    assert_eq!(answer.status, 431);
    let mut many = gateway.get("/v2/health");
    for nth in 0..200 {
        many = many.header(&format!("X-{nth}"), "x");
    }
    assert_eq!(many.send().await.status, 431);
    assert_eq!(
        gateway.get("/v2/health").header("X-Fits", "x".repeat(9000)).send().await.status,
        200
    );
}

async fn a_token_that_is_no_text_is_a_wrong_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    for value in [&b"caf\xe9"[..], b"\xff\xfe", "tok\u{e9}n-of-sixteen-chars".as_bytes()] {
        let answer = gateway.get("/v2/me").anonymous().header("X-API-Token", value).send().await;
        answer.refused(401, "UNAUTHORIZED", "Invalid API token");
        let bearer = [b"Bearer ", value].concat();
        let answer = gateway.get("/v2/me").anonymous().header("Authorization", bearer).send().await;
        answer.refused(401, "UNAUTHORIZED", "Invalid API token");
    }
    // A wrong one beside the right one spoils it, in whatever form.
    let answer = gateway.get("/v2/me").header("Authorization", b"Bearer \xff").send().await;
    assert_eq!(answer.status, 401, "{}", answer.text());
}

async fn a_request_id_in_two_headers_does_no_harm(place: Place) {
    let gateway = Gateway::start(&place).await;
    let ask = gateway.get("/v2/me").header("X-Request-Id", "one").header("X-Request-Id", "two");
    let answer = ask.send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("x-request-id").is_some());
}

async fn two_requests_cannot_hide_in_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    let smuggled = format!(
        "POST /v2/webhooks/config HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         0\r\n\r\nGET /v2/me HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    let mut connection = gateway.connect().await;
    connection.write(smuggled.as_bytes()).await;
    let answer = connection.answer().await.expect("an answer");
    assert_eq!(answer.status, 400);
    // The connection ends there: what follows is never read as a request.
    assert!(connection.answer().await.is_none());

    let mut connection = gateway.connect().await;
    let two =
        "GET /v2/health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
    connection.write(two.as_bytes()).await;
    assert_eq!(connection.answer().await.expect("an answer").status, 400);
}
