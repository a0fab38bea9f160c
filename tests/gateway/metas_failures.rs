//! Failures of the gateway's own in Meta's shape: one envelope for all of them.

use std::time::Duration;

use avenping_gateway::model::NewAccount;
use serde_json::json;

use crate::harness::{
    ACCEPTED, Act, Ask, Gateway, NOW, NUMBER, Place, Setup, Wire, answer, at, cases, eventually,
    plan, somebody, token_of,
};
use crate::metas::{SHAPES, of_number, of_waba, refused};

cases![
    every_route_asks_for_a_token_first,
    an_account_that_may_not_call_is_told_so,
    a_body_that_is_none_is_told_so,
    a_path_that_is_none_is_told_so_with_or_without_a_token,
    another_method_is_told_those_there_are,
    a_rate_limit_is_told_with_the_time_to_wait,
    a_full_house_turns_away,
    an_open_breaker_refuses,
    a_stop_cuts_an_upload_off,
    a_body_that_does_not_come_is_not_waited_for,
    avenpings_paths_keep_their_own_envelope,
];

const TEXT: &str =
    r#"{"messaging_product":"whatsapp","to":"15551234567","type":"text","text":{"body":"Hi"}}"#;

/// What makes an account one that may not call.
type Change = fn(&mut NewAccount);

fn text(gateway: &Gateway, shape: &str) -> Ask {
    gateway.ask("POST", &of_number(shape, "messages")).json(TEXT)
}

async fn every_route_asks_for_a_token_first(place: Place) {
    let gateway = Gateway::start(&place).await;
    let routes = avenping_gateway::meta_shape::routes();
    assert_eq!(routes.len(), 24);
    for (nth, route) in routes.into_iter().enumerate() {
        let path = route.path.replace("{version}", "v23.0").replace("{node}", NUMBER);
        let ask = || gateway.ask(route.method.as_str(), &path);
        let missing = ask().anonymous().send().await;
        assert_eq!(refused(&missing, 401, 190)["message"], "(#190) Missing API token");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
        // Nobody may guess often from one address.
        let from = [127, 0, 1, u8::try_from(nth + 1).unwrap()].into();
        let wrong = ask().token("a-token-that-nobody-has").body("{broken").from(from);
        let wrong = wrong.send().await;
        assert_eq!(refused(&wrong, 401, 190)["message"], "(#190) Invalid API token");
    }
    // And a token before the body has even come.
    let ask = gateway.ask("POST", &of_number("", "messages")).token("a-token-of-nobody");
    refused(&ask.claiming(1000).send().await, 401, 190);
    assert_eq!(gateway.meta.count().await, 0);
}

async fn an_account_that_may_not_call_is_told_so(place: Place) {
    let gateway = Gateway::start(&place).await;
    let cases: [(&str, Change, u64); 5] = [
        ("unlinked", |bob| bob.account.whatsapp = None, 200),
        ("tokenless", |bob| bob.account.whatsapp.as_mut().unwrap().meta_token = None, 200),
        ("expired", |bob| bob.account.plans[0].ends_at = Some(at(NOW - 1)), 10),
        ("basic", |bob| bob.account.plans = vec![plan("Basic")], 10),
        ("planless", |bob| bob.account.plans.clear(), 10),
    ];
    for (name, but, code) in cases {
        let mut bob = somebody(name);
        but(&mut bob);
        gateway.join(&bob).await;
        for shape in SHAPES {
            let ask = gateway.ask("POST", &of_number(shape, "messages")).body("{broken");
            refused(&ask.token(&token_of(name)).send().await, 403, code);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_body_that_is_none_is_told_so(place: Place) {
    let gateway = Gateway::start(&place).await;
    let paths = |shape| {
        ["messages", "whatsapp_business_profile"]
            .map(|edge| of_number(shape, edge))
            .into_iter()
            .chain([of_waba(shape, "message_templates")])
    };
    for path in SHAPES.into_iter().flat_map(paths) {
        let ask = || gateway.ask("POST", &path);
        for body in ["{broken", "", "{} {}", "\u{feff}{}", "{\"a\":1"] {
            let error = refused(&ask().json(body).send().await, 400, 100);
            assert_eq!(error["message"], "(#100) Request body is not valid JSON");
        }
        for body in ["[]", "\"text\"", "7", "null"] {
            let error = refused(&ask().json(body).send().await, 400, 100);
            assert_eq!(error["error_data"]["details"], "must be an object");
            assert_eq!(error["error_data"]["messaging_product"], "whatsapp");
        }
        let form = ask().header("Content-Type", "application/x-www-form-urlencoded").body("to=1");
        refused(&form.send().await, 415, 100);
        let packed = ask().json(TEXT).header("Content-Encoding", "gzip");
        refused(&packed.send().await, 415, 100);
        let large = ask().json(&format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024)));
        refused(&large.clone().send().await, 413, 100);
        refused(&large.chunked().send().await, 413, 100);
        refused(&ask().claiming(3_000_000).send().await, 413, 100);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_path_that_is_none_is_told_so_with_or_without_a_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in [
        "/v23.0",
        "/v23.0/",
        "/v23.0/1/nothing",
        "/v23.0/1/messages/2",
        "/v23.x/1/messages",
        "/v23.0.1/1",
        "/v2.0x/1",
        "/api",
        "/api/",
        "/api/v2/me",
        "/api/v23/1/messages",
        "/api/v23.0/1/nothing",
        "/api/api/v23.0/1",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            for ask in [gateway.ask(method, path), gateway.ask(method, path).anonymous()] {
                let answer = ask.send().await;
                assert_eq!(answer.status, 404, "{method} {path}");
                refused(&answer, 404, 2500);
            }
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn another_method_is_told_those_there_are(place: Place) {
    let gateway = Gateway::start(&place).await;
    let cases = [
        ("GET", of_number("", "messages"), "POST"),
        ("PUT", of_number("/api", "messages"), "POST"),
        ("DELETE", of_number("", "media"), "POST"),
        ("POST", of_waba("", "flows"), "GET,HEAD"),
        ("POST", of_waba("/api", "phone_numbers"), "GET,HEAD"),
        ("POST", "/v23.0/1".to_owned(), "GET,HEAD,DELETE"),
    ];
    for (method, path, allowed) in cases {
        let answer = gateway.ask(method, &path).anonymous().send().await;
        refused(&answer, 405, 2500);
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}

async fn a_rate_limit_is_told_with_the_time_to_wait(place: Place) {
    for of_number_alone in [false, true] {
        let mut setup = Setup::new(&place).await;
        let limits = &mut setup.settings.limits;
        let limit =
            if of_number_alone { &mut limits.number_rate } else { &mut limits.account_rate };
        *limit = "2/60s".parse().unwrap();
        let gateway = setup.start().await;
        for shape in SHAPES {
            assert_eq!(text(&gateway, shape).send().await.status, 200);
        }
        for shape in SHAPES {
            let refusal = text(&gateway, shape).send().await;
            refused(&refusal, 429, 130_429);
            assert_eq!(refusal.header("retry-after"), Some("30"));
            assert!(refusal.header("ratelimit").is_some());
        }
    }
}

async fn a_full_house_turns_away(place: Place) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    let limits = &mut setup.settings.limits;
    (limits.concurrency, limits.account_share, limits.queue_length) = (1, 100, 0);
    let gateway = setup.start().await;
    let running = tokio::spawn(text(&gateway, "").send());
    eventually("Graph is asked", async || wire.requests().len() == 1).await;
    for shape in SHAPES {
        let refusal = text(&gateway, shape).send().await;
        refused(&refusal, 503, 2);
        assert_eq!(refusal.header("retry-after"), Some("1"));
    }
    wire.tell();
    assert_eq!(running.await.unwrap().status, 200);
}

async fn an_open_breaker_refuses(place: Place) {
    let wire = Wire::always(Act::Answer(answer(500, "", "<html>"))).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.graph.breakers.failures = 2;
    let gateway = setup.start().await;
    for shape in SHAPES {
        refused(&text(&gateway, shape).send().await, 502, 131_000);
    }
    for shape in SHAPES {
        let refusal = text(&gateway, shape).send().await;
        let error = refused(&refusal, 503, 2);
        assert!(error["error_data"]["details"].as_str().unwrap().contains("not_sent"));
        assert_eq!(refusal.header("retry-after"), Some("5"));
        assert_eq!(refusal.header("x-message-id"), None);
    }
    assert_eq!(wire.requests().len(), 2);
}

async fn a_stop_cuts_an_upload_off(place: Place) {
    let wire = Wire::always(Act::Hang(Vec::new())).await;
    let mut setup = Setup::new(&place).await.graph(&wire.url());
    setup.settings.listener.drain_timeout = Duration::from_millis(500).into();
    let mut gateway = setup.start().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\
                a file that Graph will not take\r\n--b--\r\n";
    let upload = gateway.ask("POST", &of_number("", "media")).body(body);
    let upload = upload.header("Content-Type", "multipart/form-data; boundary=b");
    let running = tokio::spawn(upload.send());
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("a file")))
        .await;
    gateway.stop();
    let cut = running.await.unwrap();
    refused(&cut, 503, 2);
    assert_eq!(cut.header("retry-after"), Some("1"));
    gateway.stopped().await;
}

async fn a_body_that_does_not_come_is_not_waited_for(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.body_timeout = Duration::from_millis(50).into();
    let gateway = setup.start().await;
    for shape in SHAPES {
        let ask = gateway.ask("POST", &of_number(shape, "messages")).claiming(1000);
        refused(&ask.send().await, 408, 100);
    }
}

async fn avenpings_paths_keep_their_own_envelope(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in ["/v1/me", "/v2/nothing", "/v23/1/messages", "/V23.0/1", "/nothing", "/apis/v23.0"]
    {
        gateway.get(path).send().await.refused(404, "NOT_FOUND", "Route not found");
    }
    let missing = gateway.get("/v2/me").anonymous().send().await;
    missing.refused(401, "UNAUTHORIZED", "Missing API token");
    let body = json!({ "phoneNumberId": "999", "to": "1", "text": "Hi" });
    let foreign = gateway.post("/v2/messages/send/text", &body).send().await;
    foreign.refused(403, "FORBIDDEN", "phoneNumberId does not belong to this account");
}
