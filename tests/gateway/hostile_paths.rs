//! Paths that try to lead somewhere else: nothing of them reaches Meta.

use crate::harness::{Gateway, Place, cases};

cases![
    an_id_that_is_none_is_not_found_and_nothing_goes_up,
    a_path_of_two_segments_in_one_is_not_found,
    a_template_name_is_data_and_never_a_path,
    a_target_that_is_no_path_harms_nobody,
];

async fn an_id_that_is_none_is_not_found_and_nothing_goes_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    let long = "1".repeat(129);
    let ids = [
        "..%2fme",
        "..%2Fme",
        "%2e%2e%2fme",
        "me",
        "search%2f",
        "1%2f2",
        "1%3fx=1",
        "1%23x",
        "%00",
        "1%00",
        "%ff",
        "%c3%28",
        "1%20",
        "%201",
        "1%0d%0aX:%20y",
        "1;2",
        "1.2",
        "1,2",
        "ä1",
        "*",
        "%",
        "%zz",
        "1%252f2",
        "debug_token",
        &long,
        "~1",
        "1%5c2",
    ];
    let rooms = [
        ("GET", "/v2/forms/{}", "Form not found"),
        ("GET", "/v2/media/{}", "Media URL not found"),
        ("DELETE", "/v2/media/{}", "Media URL not found"),
        ("GET", "/v2/media/{}/download", "Media URL not found"),
    ];
    for (method, room, message) in rooms {
        for id in ids {
            let target = room.replace("{}", id);
            let answer = gateway.ask(method, &target).send().await;
            // A head that is not HTTP, or bytes that are no URI, get a bare 400.
            if answer.status == 400 {
                assert!(answer.body.is_empty() && !id.is_ascii(), "{target}: {answer:?}");
                continue;
            }
            answer.refused(404, "NOT_FOUND", message);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_path_of_two_segments_in_one_is_not_found(place: Place) {
    let gateway = Gateway::start(&place).await;
    for target in [
        "/v2/forms/1/2",
        "/v2/forms/../me",
        "/v2/forms/./1",
        "/v2//me",
        "/v2/me//x",
        "/v2/media//download",
        "/v2/./me",
        "/v2%2fme",
    ] {
        let answer = gateway.get(target).send().await;
        assert_eq!(answer.status, 404, "{target}: {}", answer.text());
        assert!(answer.text().starts_with(r#"{"success":false,"error":"NOT_FOUND""#));
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_template_name_is_data_and_never_a_path(place: Place) {
    let gateway = Gateway::start(&place).await;
    let list = r#"{"data":[]}"#;
    gateway.meta.answers("GET", "/v23.0/102290129340398/message_templates", 200, list).await;
    for (name, decoded) in [
        ("..%2f..%2fme", "../../me"),
        ("a%26access_token%3dx", "a&access_token=x"),
        ("a%3Fb%23c", "a?b#c"),
        ("%F0%9F%98%80", "😀"),
        ("a%0d%0ab", "a\r\nb"),
    ] {
        let answer = gateway.get(&format!("/v2/templates/{name}")).send().await;
        answer.refused(404, "NOT_FOUND", "Template not found");
        let request = gateway.meta.asked().await.pop().unwrap();
        assert_eq!(request.url.path(), "/v23.0/102290129340398/message_templates");
        let pairs: Vec<_> = request.url.query_pairs().into_owned().collect();
        assert!(pairs.contains(&("name".to_owned(), decoded.to_owned())), "{pairs:?}");
        assert_eq!(pairs.len(), 2);
    }
    let before = gateway.meta.count().await;
    for name in ["%ff", "%c3%28"] {
        let answer = gateway.get(&format!("/v2/templates/{name}")).send().await;
        answer.refused(404, "NOT_FOUND", "Template not found");
    }
    assert_eq!(gateway.meta.count().await, before);
}

async fn a_target_that_is_no_path_harms_nobody(place: Place) {
    let gateway = Gateway::start(&place).await;
    for target in
        ["*", "http://evil.example/v2/me", "evil.example:443", "/v2/me?%ff=%ff&%00", "/?#"]
    {
        let mut connection = gateway.connect().await;
        let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        connection.write(head.as_bytes()).await;
        let answer = connection.answer().await.expect("an answer");
        assert!(answer.status < 500, "{target}: {answer:?}");
    }
    let long = format!("/v2/forms/{}", "x".repeat(500_000));
    let answer = gateway.get(&long).send().await;
    assert!(matches!(answer.status, 414 | 431 | 404), "{}", answer.status);
    assert_eq!(gateway.get("/v2/health").send().await.status, 200);
    assert_eq!(gateway.meta.count().await, 0);
}
