//! The envelope of every refusal, its headers, and the headers of every answer.

use serde_json::json;

use crate::harness::{Gateway, NUMBER, Place, Setup, cases, eventually};

cases![
    an_unknown_path_is_not_found_with_or_without_a_token,
    another_method_is_told_which_ones_there_are,
    a_body_that_is_no_json_is_told_so,
    all_faults_are_told_at_once_each_with_its_path,
    a_body_that_comes_too_slowly_is_given_up,
    a_request_id_is_echoed_if_it_is_harmless_and_else_made,
    every_answer_forbids_sniffing_and_authenticated_ones_storing,
    a_trailing_slash_is_accepted_and_letter_case_is_not_ignored,
    head_works_as_get,
    a_query_parameter_given_twice_or_out_of_range_is_a_fault,
    a_database_that_is_away_is_unavailable_and_nothing_goes_up,
];

async fn an_unknown_path_is_not_found_with_or_without_a_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in
        ["/v2", "/v2/", "/v1/me", "/v2/message", "/v2/messages/send/fax", "/index.html", "/v2/me/x"]
    {
        for method in ["GET", "POST", "DELETE"] {
            let answer = gateway.ask(method, path).send().await;
            answer.refused(404, "NOT_FOUND", "Route not found");
            let answer = gateway.ask(method, path).anonymous().send().await;
            answer.refused(404, "NOT_FOUND", "Route not found");
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn another_method_is_told_which_ones_there_are(place: Place) {
    let gateway = Gateway::start(&place).await;
    let cases = [
        ("GET", "/v2/messages/send/text", "POST"),
        ("PUT", "/v2/messages/send", "POST"),
        ("POST", "/v2/me", "GET, HEAD"),
        ("POST", "/v2/health", "GET, HEAD"),
        ("DELETE", "/v2/webhooks/config", "GET, HEAD, POST"),
        ("PATCH", "/v2/media/1", "DELETE, GET, HEAD"),
        ("OPTIONS", "/v2/templates", "GET, HEAD, POST"),
        ("PUT", "/v2/templates/order_shipped", "DELETE, GET, HEAD, PATCH"),
        ("GET", "/v2/messages/typing", "POST"),
    ];
    for (method, path, allow) in cases {
        for ask in [gateway.ask(method, path), gateway.ask(method, path).anonymous()] {
            let answer = ask.send().await;
            answer.refused(405, "METHOD_NOT_ALLOWED", "Method not allowed");
            let mut allowed: Vec<_> =
                answer.header("allow").expect("Allow").split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed.join(", "), allow, "{method} {path}");
        }
    }
}

async fn a_body_that_is_no_json_is_told_so(place: Place) {
    let gateway = Gateway::start(&place).await;
    let half = format!(r#"{{"phoneNumberId":"{NUMBER}","to":"1","text":"Hi""#);
    let whole = format!("{half}}}");
    let broken = [
        String::new(),
        " ".to_owned(),
        half,
        format!("{whole},"),
        format!("{whole}{whole}"),
        whole.replace("\"Hi\"", "'Hi'"),
        whole.replace("\"Hi\"", "\"H\ni\""),
        whole.replace("\"Hi\"", "01"),
        whole.replace("\"Hi\"", "NaN"),
        whole.replace("\"Hi\"", "\"Hi\"/*x*/"),
        format!("\u{feff}{whole}"),
        "phoneNumberId=1".to_owned(),
    ];
    for body in broken {
        for path in ["/v2/messages/send/text", "/v2/webhooks/config"] {
            let answer = gateway.ask("POST", path).json(&body).send().await;
            answer.refused(400, "VALIDATION_ERROR", "Request body is not valid JSON");
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn all_faults_are_told_at_once_each_with_its_path(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({
        "phoneNumberId": NUMBER,
        "to": "",
        "bodyText": "",
        "buttonText": 5,
        "headerText": "x".repeat(61),
        "footerText": [],
        "contextMessageWamid": 7,
        "sections": [
            { "title": "ok", "rows": [{ "id": "1", "title": "ok" }] },
            { "title": null, "rows": [{ "id": "", "title": "x".repeat(25), "description": {} }] },
            { "rows": [] },
            7,
        ],
    });
    let answer = gateway.post("/v2/messages/send/interactive/list", &body).send().await;
    answer.is(
        400,
        concat!(
            r#"{"success":false,"error":"VALIDATION_ERROR","message":"Validation failed","details":["#,
            r#"{"path":"to","message":"is required"},"#,
            r#"{"path":"headerText","message":"must be at most 60 characters, has 61"},"#,
            r#"{"path":"bodyText","message":"must not be empty"},"#,
            r#"{"path":"footerText","message":"must be a string"},"#,
            r#"{"path":"buttonText","message":"must be a string"},"#,
            r#"{"path":"sections[1].title","message":"is required"},"#,
            r#"{"path":"sections[1].rows[0].id","message":"must not be empty"},"#,
            r#"{"path":"sections[1].rows[0].title","message":"must be at most 24 characters, has 25"},"#,
            r#"{"path":"sections[1].rows[0].description","message":"must be a string"},"#,
            r#"{"path":"sections[2].title","message":"is required"},"#,
            r#"{"path":"sections[2].rows","message":"must have at least 1 item"},"#,
            r#"{"path":"sections[3]","message":"must be an object"},"#,
            r#"{"path":"contextMessageWamid","message":"must be a string"}]}"#,
        ),
    );
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_body_that_comes_too_slowly_is_given_up(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.body_timeout = std::time::Duration::from_millis(50).into();
    let gateway = setup.start().await;
    for path in ["/v2/messages/send/text", "/v2/webhooks/config"] {
        let answer = gateway.ask("POST", path).claiming(100).send().await;
        answer.refused(408, "REQUEST_TIMEOUT", "The request body did not arrive in time");
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_request_id_is_echoed_if_it_is_harmless_and_else_made(place: Place) {
    let gateway = Gateway::start(&place).await;
    let long = "x".repeat(128);
    for id in ["a", "A-1_b.c", &long] {
        for ask in [gateway.get("/v2/me"), gateway.get("/none"), gateway.get("/v2/me").anonymous()]
        {
            let answer = ask.header("X-Request-Id", id).send().await;
            assert_eq!(answer.header("x-request-id"), Some(id));
        }
    }
    let mut made = std::collections::HashSet::new();
    let too_long = "x".repeat(129);
    for id in ["", "a b", "a/b", "a\"", "ä", &too_long] {
        let answer = gateway.get("/v2/me").header("X-Request-Id", id).send().await;
        let ours = answer.header("x-request-id").unwrap().to_owned();
        assert_ne!(ours, id);
        assert!(!ours.is_empty() && ours.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(made.insert(ours), "an id was made twice");
    }
}

async fn every_answer_forbids_sniffing_and_authenticated_ones_storing(place: Place) {
    let gateway = Gateway::start(&place).await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    let authenticated = [
        (gateway.get("/v2/me"), 200),
        (gateway.post("/v2/messages/send/text", &text), 200),
        (gateway.post("/v2/messages/send/text", &json!({})), 400),
        (gateway.get("/v2/forms/me"), 404),
        (gateway.get("/v2/templates"), 500),
    ];
    for (ask, status) in authenticated {
        let answer = ask.send().await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for path in ["/", "/v2/health", "/v2/openapi.json", "/none", "/v2/me"] {
        let answer = gateway.get(path).anonymous().send().await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("x-request-id").is_some());
        assert!(answer.header("server").is_none());
    }
}

async fn a_trailing_slash_is_accepted_and_letter_case_is_not_ignored(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in ["/v2/me/", "/v2/health/", "/v2/webhooks/config/?x=1"] {
        assert_eq!(gateway.get(path).send().await.status, 200, "{path}");
    }
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    assert_eq!(gateway.post("/v2/messages/send/text/", &text).send().await.status, 200);
    for path in ["/V2/me", "/v2/Me", "/v2/messages/Send/text", "/v2/HEALTH"] {
        let answer = gateway.get(path).send().await;
        answer.refused(404, "NOT_FOUND", "Route not found");
    }
}

async fn head_works_as_get(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in ["/v2/me", "/v2/health", "/v2/webhooks/config", "/none"] {
        let got = gateway.get(path).send().await;
        let head = gateway.ask("HEAD", path).send().await;
        assert_eq!(head.status, got.status, "{path}");
        assert_eq!(head.header("content-type"), got.header("content-type"));
        assert_eq!(head.header("content-length"), got.header("content-length"), "{path}");
    }
    assert_eq!(gateway.ask("HEAD", "/v2/me").anonymous().send().await.status, 401);
}

async fn a_query_parameter_given_twice_or_out_of_range_is_a_fault(place: Place) {
    let gateway = Gateway::start(&place).await;
    let once = "must be given only once";
    let cases = [
        ("/v2/templates?limit=1&limit=1", "limit", once),
        ("/v2/templates?after=a&after=b", "after", once),
        ("/v2/templates?before=a&before=b", "before", once),
        ("/v2/templates?search=a&se%61rch=b", "search", once),
        ("/v2/templates/t?language=a&language=b", "language", once),
        ("/v2/forms?after=a&after=b", "after", once),
        ("/v2/forms/search?q=a&q=b", "q", once),
        ("/v2/media/1/download?disposition=a&disposition=a", "disposition", once),
    ];
    for (target, path, message) in cases {
        gateway.get(target).send().await.faults(&[(path, message)]);
    }
    let wide = "must be a whole number from 1 to 1000";
    let narrow = "must be a whole number from 1 to 50";
    for limit in
        ["0", "1001", "-1", "+5", "1.0", "ten", "", "99999999999999999999", "1e2", "%31%20"]
    {
        for (path, message) in
            [("/v2/templates", wide), ("/v2/forms", wide), ("/v2/forms/search", narrow)]
        {
            let answer = gateway.get(&format!("{path}?limit={limit}")).send().await;
            answer.faults(&[("limit", message)]);
        }
    }
    gateway.get("/v2/forms/search?limit=51").send().await.faults(&[("limit", narrow)]);
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_database_that_is_away_is_unavailable_and_nothing_goes_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.store.close().await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    let asks = [
        gateway.get("/v2/me"),
        gateway.post("/v2/messages/send/text", &text),
        gateway.get("/v2/forms/search"),
        gateway.get("/v2/webhooks/config"),
    ];
    let message = "The service is not available now; try again";
    for ask in asks {
        let answer = ask.send().await;
        answer.refused(503, "SERVICE_UNAVAILABLE", message);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(gateway.get("/v2/health").send().await.status, 200);
    eventually("readiness says so", async || {
        let answer = gateway.get("/v2/ready").anonymous().send().await;
        answer.status == 503 && answer.header("retry-after").is_some()
    })
    .await;
    assert_eq!(gateway.meta.count().await, 0);
}
