//! Media on its way down: whose it is, where its bytes may come from, and what becomes of them.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::harness::{
    Act, Gateway, META_TOKEN, NUMBER, Place, Setup, Wire, answer, at, carries_token, cases,
    graph_id, somebody, token_of,
};

cases![
    the_bytes_come_with_graphs_type_under_a_safe_name,
    what_a_browser_could_run_becomes_bytes_to_be_saved,
    bytes_that_are_not_the_announced_ones_never_end_cleanly,
    a_large_file_with_the_wrong_bytes_is_cut_before_its_end,
    bytes_that_break_off_never_end_cleanly,
    bytes_that_stop_coming_are_given_up_when_the_time_is_over,
    a_host_that_is_not_metas_gets_no_connection_and_no_token,
    a_redirect_of_the_bytes_is_not_followed,
    an_address_that_has_run_out_is_looked_up_once_more,
    bytes_that_cannot_be_had_are_a_bad_gateway,
    a_look_up_that_fails_is_a_failure_of_graphs,
    every_number_of_the_account_is_tried,
    an_account_without_numbers_has_no_media,
    the_metadata_comes_without_the_address,
    a_media_is_deleted_only_when_it_is_the_accounts,
];

const BYTES: &str = "the bytes of the media";

fn hash(bytes: &str) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Graph knows of this media of the usual number.
async fn known(gateway: &Gateway, info: &Value) {
    let answer = ResponseTemplate::new(200).set_body_raw(info.to_string(), "application/json");
    let asked = Mock::given(method("GET")).and(path("/v23.0/77"));
    let asked = asked.and(query_param("phone_number_id", NUMBER)).respond_with(answer);
    gateway.meta.when(asked).await;
}

fn info(gateway: &Gateway) -> Value {
    json!({
        "id": "77", "messaging_product": "whatsapp", "mime_type": "image/jpeg",
        "sha256": hash(BYTES), "file_size": BYTES.len(), "url": format!("{}/bytes", gateway.meta.url()),
    })
}

async fn bytes_of(gateway: &Gateway, content_type: &str) {
    let answer = ResponseTemplate::new(200).set_body_raw(BYTES, content_type);
    gateway.meta.gives("GET", "/bytes", answer).await;
}

async fn the_bytes_come_with_graphs_type_under_a_safe_name(place: Place) {
    let gateway = Gateway::start(&place).await;
    known(&gateway, &info(&gateway)).await;
    bytes_of(&gateway, "image/png").await;
    for (query, disposition) in [
        ("", "inline; filename=\"77.png\""),
        ("?disposition=inline", "inline; filename=\"77.png\""),
        ("?disposition=attachment", "attachment; filename=\"77.png\""),
        ("?disposition=x%22%0d%0aX: y", "inline; filename=\"77.png\""),
        ("?disposition=", "inline; filename=\"77.png\""),
    ] {
        let target = format!("/v2/media/77/download{query}").replace(' ', "%20");
        let answer = gateway.get(&target).send().await;
        assert_eq!((answer.status, answer.text(), answer.whole), (200, BYTES, true));
        assert_eq!(answer.header("content-type"), Some("image/png"));
        assert_eq!(answer.header("content-disposition"), Some(disposition));
        assert_eq!(answer.header("content-length"), Some(BYTES.len().to_string().as_str()));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
    }
    let asked = gateway.meta.asked().await;
    assert!(asked.iter().all(carries_token));
    let paths: Vec<_> = asked.iter().map(|request| request.url.path()).take(2).collect();
    assert_eq!(paths, ["/v23.0/77", "/bytes"]);
}

async fn what_a_browser_could_run_becomes_bytes_to_be_saved(place: Place) {
    let gateway = Gateway::start(&place).await;
    for content_type in [
        "text/html",
        "text/html; charset=utf-8",
        "image/svg+xml",
        "application/xml",
        "text/xml",
        "application/xhtml+xml",
        "rubbish",
        "TEXT/HTML",
    ] {
        gateway.meta.forget().await;
        known(&gateway, &info(&gateway)).await;
        bytes_of(&gateway, content_type).await;
        let answer = gateway.get("/v2/media/77/download?disposition=inline").send().await;
        assert_eq!(
            answer.header("content-type"),
            Some("application/octet-stream"),
            "{content_type}"
        );
        let disposition = answer.header("content-disposition").unwrap();
        assert!(disposition.starts_with("attachment; filename=\"77"), "{disposition}");
        assert_eq!(answer.text(), BYTES);
    }
}

async fn bytes_that_are_not_the_announced_ones_never_end_cleanly(place: Place) {
    let gateway = Gateway::start(&place).await;
    let base = info(&gateway);
    let with = |name: &str, value: Value| {
        let mut info = base.clone();
        info[name] = value;
        info
    };
    for (wrong, fine) in [
        (with("sha256", hash("other bytes").into()), false),
        (with("file_size", (BYTES.len() + 1).into()), false),
        (with("file_size", (BYTES.len() - 1).into()), false),
        (with("file_size", "22".into()), true),
        (with("sha256", "bm90IGEgaGFzaA==".into()), true),
        (with("sha256", Value::Null), true),
    ] {
        gateway.meta.forget().await;
        known(&gateway, &wrong).await;
        bytes_of(&gateway, "image/png").await;
        let answer = gateway.get("/v2/media/77/download").send().await;
        if fine {
            assert_eq!((answer.status, answer.text(), answer.whole), (200, BYTES, true), "{wrong}");
            continue;
        }
        let (status, code, message) = NOT_DOWNLOADED;
        answer.refused(status, code, message);
    }
}

async fn a_large_file_with_the_wrong_bytes_is_cut_before_its_end(place: Place) {
    let gateway = Gateway::start(&place).await;
    let large = "x".repeat(3_000_000);
    let mut info = info(&gateway);
    info["file_size"] = large.len().into();
    for (announced, fine) in [(hash(&large), true), (hash(BYTES), false)] {
        gateway.meta.forget().await;
        info["sha256"] = announced.into();
        known(&gateway, &info).await;
        let answer = ResponseTemplate::new(200).set_body_raw(large.clone(), "video/mp4");
        gateway.meta.gives("GET", "/bytes", answer).await;
        let answer = gateway.get("/v2/media/77/download").send().await;
        assert_eq!((answer.status, answer.whole), (200, fine));
        assert_eq!(answer.body.len() == large.len(), fine);
    }
}

async fn with_wire(place: &Place, act: Act, size: Option<usize>) -> (Gateway, Wire) {
    // The look-up and the bytes come from the same host: the first request is the look-up.
    let wire = Wire::start([Act::Answer(Vec::new()), act]).await;
    let url = format!("{}/bytes", wire.url());
    let info = json!({ "id": "77", "url": url, "mime_type": "image/png", "file_size": size });
    wire.replace(0, Act::Answer(answer(200, "", &info.to_string())));
    let gateway = Setup::new(place).await.graph(&wire.url()).start().await;
    (gateway, wire)
}

async fn bytes_that_break_off_never_end_cleanly(place: Place) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BYTES.len());
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthe b\r\n";
    let endless = "HTTP/1.1 200 OK\r\n\r\nthe b";
    for (bytes, size) in [
        (format!("{head}the b"), None),
        (chunked.to_owned(), None),
        (chunked.to_owned(), Some(BYTES.len())),
        (endless.to_owned(), Some(BYTES.len())),
    ] {
        for act in [Act::Close(bytes.clone().into()), Act::Reset(bytes.clone().into())] {
            let (gateway, _wire) = with_wire(&place, act, size).await;
            let answer = gateway.get("/v2/media/77/download").send().await;
            let clean = answer.status == 200 && answer.whole;
            assert!(!clean, "{bytes:?} {size:?}: {answer:?}");
            assert!(matches!(answer.status, 200 | 502));
        }
    }
    let flood = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let (gateway, _wire) = with_wire(&place, Act::Flood(flood), Some(BYTES.len())).await;
    let answer = gateway.get("/v2/media/77/download").send().await;
    assert!(answer.status == 502 || !answer.whole, "{answer:?}");
}

async fn bytes_that_stop_coming_are_given_up_when_the_time_is_over(place: Place) {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n".to_owned();
    let some = head.clone() + &"x".repeat(2_000_000);
    for (bytes, begins) in [(String::new(), false), (head, false), (some, true)] {
        let wire = Wire::start([Act::Answer(Vec::new()), Act::Hang(bytes.into())]).await;
        let info = json!({ "id": "77", "url": format!("{}/bytes", wire.url()) });
        wire.replace(0, Act::Answer(answer(200, "", &info.to_string())));
        let mut setup = Setup::new(&place).await.graph(&wire.url());
        setup.settings.graph.media_timeout = std::time::Duration::from_secs(1).into();
        let told = setup.start().await.get("/v2/media/77/download").send().await;
        if begins {
            assert_eq!((told.status, told.whole), (200, false));
            continue;
        }
        let (status, code, message) = NOT_DOWNLOADED;
        told.refused(status, code, message);
    }
}

const NOT_DOWNLOADED: (u16, &str, &str) = (502, "INTERNAL_ERROR", "Failed to download media");

async fn a_host_that_is_not_metas_gets_no_connection_and_no_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    let elsewhere = Wire::always(Act::Answer(answer(200, "", BYTES))).await;
    let port = elsewhere.url().rsplit(':').next().unwrap().to_owned();
    for url in [
        elsewhere.url(),
        format!("http://localhost:{port}/x"),
        format!("http://lookaside.fbsbx.com.localhost:{port}/x"),
        format!("http://lookaside.fbsbx.com@127.0.0.1:{port}/x"),
        format!("https://127.0.0.1:{port}/x"),
        "http://lookaside.fbsbx.com/x".to_owned(),
        "https://lookaside.fbsbx.com:8443/x".to_owned(),
        "https://evilwhatsapp.net/x".to_owned(),
        "https://whatsapp.net.evil.example/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "nonsense".to_owned(),
    ] {
        gateway.meta.forget().await;
        let mut info = info(&gateway);
        info["url"] = url.clone().into();
        known(&gateway, &info).await;
        let answer = gateway.get("/v2/media/77/download").send().await;
        let (status, code, message) = NOT_DOWNLOADED;
        answer.refused(status, code, message);
        assert_eq!(gateway.meta.count().await, 1, "{url}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

async fn a_redirect_of_the_bytes_is_not_followed(place: Place) {
    let elsewhere = Wire::always(Act::Answer(answer(200, "", BYTES))).await;
    let location = format!("Location: {}/x\r\n", elsewhere.url());
    let (gateway, _wire) = with_wire(&place, Act::Answer(answer(302, &location, "")), None).await;
    let answer = gateway.get("/v2/media/77/download").send().await;
    let (status, code, message) = NOT_DOWNLOADED;
    answer.refused(status, code, message);
    assert_eq!(elsewhere.connections(), 0);
}

async fn an_address_that_has_run_out_is_looked_up_once_more(place: Place) {
    let gone = || Act::Answer(answer(404, "", "gone"));
    let wire = Wire::start([Act::Answer(Vec::new()), gone(), gone(), gone()]).await;
    let info = json!({ "id": "77", "url": format!("{}/bytes", wire.url()) });
    let look_up = Act::Answer(answer(200, "", &info.to_string()));
    wire.replace(0, look_up.clone());
    wire.replace(2, look_up);
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let told = gateway.get("/v2/media/77/download").send().await;
    let (status, code, message) = NOT_DOWNLOADED;
    told.refused(status, code, message);
    assert_eq!(wire.requests().len(), 4, "twice looked up, twice fetched, and no more");
    drop(gateway);

    let wire = Wire::start(vec![Act::Answer(Vec::new()), gone(), gone(), gone()]).await;
    let info = json!({ "id": "77", "url": format!("{}/bytes", wire.url()) });
    let look_up = Act::Answer(answer(200, "", &info.to_string()));
    wire.replace(0, look_up.clone());
    wire.replace(2, look_up);
    wire.replace(3, Act::Answer(answer(200, "", BYTES)));
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    assert_eq!(gateway.get("/v2/media/77/download").send().await.text(), BYTES);
}

async fn bytes_that_cannot_be_had_are_a_bad_gateway(place: Place) {
    for act in [
        Act::Answer(answer(500, "", "x")),
        Act::Answer(answer(401, "", r#"{"error":{"message":"No","code":190}}"#)),
        Act::Answer(answer(206, "", BYTES)),
        Act::Answer(answer(204, "", "")),
        Act::Close(Vec::new()),
        Act::Reset(Vec::new()),
        Act::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n".to_vec()),
    ] {
        let (gateway, _wire) = with_wire(&place, act.clone(), None).await;
        let told = gateway.get("/v2/media/77/download").send().await;
        assert_eq!(told.status, 502, "{act:?}");
        let (status, code, message) = NOT_DOWNLOADED;
        told.refused(status, code, message);
    }
    let gateway = Gateway::start(&place).await;
    for url in [Value::Null, json!("")] {
        gateway.meta.forget().await;
        let mut info = info(&gateway);
        info["url"] = url;
        known(&gateway, &info).await;
        let told = gateway.get("/v2/media/77/download").send().await;
        told.refused(404, "NOT_FOUND", "Media URL not found");
    }
}

async fn a_look_up_that_fails_is_a_failure_of_graphs(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, body, outcome) in [
        (
            400,
            r#"{"error":{"message":"No such object","code":100,"error_subcode":33}}"#,
            "rejected",
        ),
        (401, r#"{"error":{"message":"Bad token","code":190}}"#, "rejected"),
        (200, "<html>", "unknown"),
        (200, r#"{"id":"78","url":"https://lookaside.fbsbx.com/x"}"#, "unknown"),
    ] {
        for (verb, target) in
            [("GET", "/v2/media/77/download"), ("GET", "/v2/media/77"), ("DELETE", "/v2/media/77")]
        {
            gateway.outlast_breakers();
            gateway.meta.forget().await;
            gateway.meta.answers("GET", "/v23.0/77", status, body).await;
            let told = gateway.ask(verb, target).send().await;
            assert_eq!(told.status, 500, "{target}: {}", told.text());
            assert_eq!(told.json()["error"], "INTERNAL_ERROR");
            assert_eq!(told.json()["details"]["outcome"], outcome, "{}", told.text());
            assert_eq!(gateway.meta.count().await, 1);
        }
    }
}

async fn every_number_of_the_account_is_tried(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut bob = somebody("bob");
    let mut second = bob.account.phone_numbers[0].clone();
    second.id = graph_id("999000999");
    bob.account.phone_numbers.push(second);
    bob.account.created_at = at(1);
    gateway.join(&bob).await;

    let refusal = r#"{"error":{"message":"No","code":100,"error_subcode":33}}"#;
    for (number, status, body) in
        [(NUMBER, 400, refusal.to_owned()), ("999000999", 200, info(&gateway).to_string())]
    {
        let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        let asked = Mock::given(method("GET")).and(path("/v23.0/77"));
        let asked = asked.and(query_param("phone_number_id", number)).respond_with(answer);
        gateway.meta.when(asked).await;
    }
    bytes_of(&gateway, "image/png").await;
    let answer = gateway.get("/v2/media/77/download").token(&token_of("bob")).send().await;
    assert_eq!((answer.status, answer.text()), (200, BYTES));
    let asked = gateway.meta.asked().await;
    assert_eq!(asked.len(), 3);
    // Whose number is another has no such media, though the Meta token is the same.
    let strangers = gateway.get("/v2/media/77/download").send().await;
    assert_eq!(strangers.status, 500);
    assert_eq!(strangers.json()["details"]["outcome"], "rejected");
}

async fn an_account_without_numbers_has_no_media(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut bob = somebody("bob");
    bob.account.phone_numbers.clear();
    gateway.join(&bob).await;
    for (verb, target) in
        [("GET", "/v2/media/77"), ("DELETE", "/v2/media/77"), ("GET", "/v2/media/77/download")]
    {
        let answer = gateway.ask(verb, target).token(&token_of("bob")).send().await;
        answer.refused(404, "NOT_FOUND", "Media URL not found");
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn the_metadata_comes_without_the_address(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut info = info(&gateway);
    info["of_graph"] = json!([1.5]);
    info["url"] = format!("https://lookaside.fbsbx.com/x?access_token={META_TOKEN}").into();
    known(&gateway, &info).await;
    let answer = gateway.get("/v2/media/77").send().await;
    info.as_object_mut().unwrap().remove("url");
    assert_eq!(answer.data(), info);
}

async fn a_media_is_deleted_only_when_it_is_the_accounts(place: Place) {
    let gateway = Gateway::start(&place).await;
    known(&gateway, &info(&gateway)).await;
    gateway.meta.answers("DELETE", "/v23.0/77", 200, r#"{"success":true}"#).await;
    let answer = gateway.ask("DELETE", "/v2/media/77").send().await;
    answer.is(200, r#"{"success":true,"data":{"success":true}}"#);
    let last = gateway.meta.asked().await.pop().unwrap();
    assert_eq!(last.method.as_str(), "DELETE");
    assert_eq!(last.url.query(), Some(format!("phone_number_id={NUMBER}").as_str()));

    let mut bob = somebody("bob");
    bob.account.phone_numbers[0].id = graph_id("999000999");
    gateway.join(&bob).await;
    let before = gateway.meta.count().await;
    let strangers = gateway.ask("DELETE", "/v2/media/77").token(&token_of("bob")).send().await;
    assert_eq!(strangers.status, 500, "{}", strangers.text());
    let asked = gateway.meta.asked().await.split_off(before);
    assert!(asked.iter().all(|request| request.method.as_str() == "GET"), "{asked:?}");
}
