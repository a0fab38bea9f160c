//! A house that is full: who is turned away, and who never is.

use std::time::Duration;

use bytesize::ByteSize;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{
    ACCEPTED, Act, Answer, Ask, Gateway, NUMBER, Place, Setup, Wire, answer, cases, eventually,
    somebody, token_of,
};
use crate::inbound;

cases![
    a_full_house_answers_503_and_serves_what_must_be_served,
    a_request_waits_for_a_place_for_a_short_time,
    one_account_cannot_take_all_places,
    a_send_keeps_its_place_when_its_caller_has_gone,
    an_upload_takes_no_place_of_a_send,
    a_download_has_its_place_until_its_last_byte,
    bodies_wait_for_the_bytes_of_others_and_metas_posts_do_not,
    an_account_takes_up_no_more_than_its_share_of_bytes,
];

const BUSY: (u16, &str, &str) = (503, "SERVICE_UNAVAILABLE", "The service is busy; try again");

/// A Meta that takes each message when it is told to.
async fn slow_meta() -> Wire {
    let accepted = answer(200, "Content-Type: application/json\r\n", ACCEPTED);
    Wire::always(Act::AnswerWhenTold(accepted)).await
}

/// Two places, no line before them, and one account may have both.
async fn small(place: &Place, meta: &Wire) -> Setup {
    let mut setup = Setup::new(place).await.graph(&meta.url());
    let limits = &mut setup.settings.limits;
    limits.concurrency = 2;
    limits.account_share = 100;
    limits.queue_length = 0;
    setup
}

fn text(gateway: &Gateway) -> Ask {
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    gateway.post("/v2/messages/send/text", &body)
}

/// A send that runs, as far as Meta has seen so many.
async fn sending(ask: Ask, meta: &Wire, so_many: usize) -> JoinHandle<Answer> {
    let running = tokio::spawn(ask.send());
    eventually("the send reaches Meta", async || meta.requests().len() == so_many).await;
    running
}

#[track_caller]
fn is_busy(answer: &Answer) {
    let (status, code, message) = BUSY;
    answer.refused(status, code, message);
    assert_eq!(answer.header("retry-after"), Some("1"));
}

async fn a_full_house_answers_503_and_serves_what_must_be_served(place: Place) {
    let meta = slow_meta().await;
    let gateway = small(&place, &meta).await.start().await;
    let first = sending(text(&gateway), &meta, 1).await;
    let second = sending(text(&gateway), &meta, 2).await;

    is_busy(&text(&gateway).send().await);
    is_busy(&gateway.get("/v2/me").send().await);
    is_busy(&gateway.get("/v2/me").anonymous().send().await);
    for path in ["/v2/health", "/v2/version", "/v2/ready"] {
        assert_eq!(gateway.get(path).anonymous().send().await.status, 200, "{path}");
    }
    assert_eq!(inbound::post(&gateway, "{}").await.status, 200);

    meta.tell();
    meta.tell();
    for running in [first, second] {
        assert_eq!(running.await.unwrap().status, 200);
    }
    assert_eq!(meta.requests().len(), 2, "what was turned away was sent");
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
}

async fn a_request_waits_for_a_place_for_a_short_time(place: Place) {
    let meta = slow_meta().await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 1;
    setup.settings.limits.queue_length = 1;
    setup.settings.limits.queue_timeout = Duration::from_secs(20).into();
    let gateway = setup.start().await;
    let first = sending(text(&gateway), &meta, 1).await;
    // Of these two one waits and one finds the line too long.
    let mut waiting =
        vec![tokio::spawn(text(&gateway).send()), tokio::spawn(text(&gateway).send())];
    eventually("one is turned away", async || waiting.iter().any(|one| one.is_finished())).await;
    let turned_away = waiting.iter().position(|one| one.is_finished()).unwrap();
    is_busy(&waiting.remove(turned_away).await.unwrap());
    assert_eq!(meta.requests().len(), 1);

    meta.tell();
    assert_eq!(first.await.unwrap().status, 200);
    eventually("it was its turn", async || meta.requests().len() == 2).await;
    meta.tell();
    assert_eq!(waiting.remove(0).await.unwrap().status, 200);
}

async fn one_account_cannot_take_all_places(place: Place) {
    let meta = slow_meta().await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 4;
    setup.settings.limits.account_share = 50;
    let gateway = setup.start().await;
    gateway.join(&somebody("bob")).await;
    let first = sending(text(&gateway), &meta, 1).await;
    let second = sending(text(&gateway), &meta, 2).await;
    is_busy(&text(&gateway).send().await);
    is_busy(&gateway.get("/v2/me").send().await);

    let bobs = sending(text(&gateway).token(&token_of("bob")), &meta, 3).await;
    meta.tell();
    meta.tell();
    meta.tell();
    for running in [first, second, bobs] {
        assert_eq!(running.await.unwrap().status, 200);
    }
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
}

async fn a_send_keeps_its_place_when_its_caller_has_gone(place: Place) {
    let meta = slow_meta().await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 1;
    let gateway = setup.start().await;
    let mut connection = gateway.connect().await;
    connection.write(&text(&gateway).bytes()).await;
    eventually("the send reaches Meta", async || meta.requests().len() == 1).await;
    connection.close_writing().await;
    drop(connection);
    for _ in 0..20 {
        is_busy(&gateway.get("/v2/me").send().await);
    }
    meta.tell();
    let free = async || gateway.get("/v2/me").send().await.status == 200;
    eventually("the send ends, and leaves", free).await;
}

fn upload(gateway: &Gateway) -> Ask {
    let ask = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    ask.header("Content-Type", "image/png").body("a picture")
}

async fn an_upload_takes_no_place_of_a_send(place: Place) {
    let json = "Content-Type: application/json\r\n";
    let meta = Wire::start([
        Act::AnswerWhenTold(answer(200, json, r#"{"id":"m-1"}"#)),
        Act::AnswerWhenTold(answer(200, json, ACCEPTED)),
    ])
    .await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 1;
    setup.settings.limits.media_concurrency = 1;
    let gateway = setup.start().await;
    let uploading = sending(upload(&gateway), &meta, 1).await;
    let text = sending(text(&gateway), &meta, 2).await;
    is_busy(&upload(&gateway).send().await);
    is_busy(&gateway.get("/v2/media/77").send().await);
    meta.tell();
    meta.tell();
    for running in [uploading, text] {
        assert_eq!(running.await.unwrap().status, 200);
    }
}

async fn a_download_has_its_place_until_its_last_byte(place: Place) {
    let flood = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 90000000\r\n\r\n";
    let meta = Wire::start([Act::Answer(Vec::new()), Act::Flood(flood.into())]).await;
    let url = format!("{}/bytes", meta.url());
    let info = json!({ "id": "77", "url": url, "mime_type": "image/png", "file_size": 90_000_000 });
    meta.replace(0, Act::Answer(answer(200, "", &info.to_string())));
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.media_concurrency = 1;
    let gateway = setup.start().await;
    let download = || gateway.get("/v2/media/77/download");
    let mut connection = gateway.connect().await;
    connection.write(&download().bytes()).await;
    assert!(connection.head().await.starts_with("HTTP/1.1 200 "));

    is_busy(&download().send().await);
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
    drop(connection);
    let free = async || download().send().await.status != 503;
    eventually("the place is free again", free).await;
}

/// A text with members that nobody reads, of about so many bytes.
fn large(gateway: &Gateway, size: usize, to: &str) -> Ask {
    let body = json!({ "phoneNumberId": NUMBER, "to": to, "text": "Hi", "more": "x".repeat(size) });
    gateway.post("/v2/messages/send/text", &body)
}

async fn bodies_wait_for_the_bytes_of_others_and_metas_posts_do_not(place: Place) {
    let meta = slow_meta().await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 8;
    // Callers have 75 kB of it: room for one of these.
    setup.settings.limits.body_memory = ByteSize::kb(100);
    let gateway = setup.start().await;
    let body = || large(&gateway, 50_000, "1");
    let bodies = [body(), body().chunked(), body()];
    let running: Vec<_> = bodies.into_iter().map(|ask| tokio::spawn(ask.send())).collect();
    for so_many in 1..=running.len() {
        eventually("a body has room", async || meta.requests().len() >= so_many).await;
        assert_eq!(inbound::post(&gateway, "{}").await.status, 200);
        assert_eq!(meta.requests().len(), so_many);
        meta.tell();
    }
    for running in running {
        assert_eq!(running.await.unwrap().status, 200);
    }
}

async fn an_account_takes_up_no_more_than_its_share_of_bytes(place: Place) {
    let meta = slow_meta().await;
    let mut setup = small(&place, &meta).await;
    setup.settings.limits.concurrency = 8;
    setup.settings.limits.account_share = 50;
    // Callers have 150 kB of it, and one account 75 kB.
    setup.settings.limits.body_memory = ByteSize::kb(200);
    let gateway = setup.start().await;
    gateway.join(&somebody("bob")).await;
    let first = sending(large(&gateway, 70_000, "1"), &meta, 1).await;
    let second = tokio::spawn(large(&gateway, 70_000, "2").send());
    let bobs = tokio::spawn(large(&gateway, 70_000, "3").token(&token_of("bob")).send());
    let has =
        |to: &str| meta.requests().iter().any(|sent| sent.contains(&format!(r#""to":"{to}""#)));
    eventually("bob's send reaches Meta", async || has("3")).await;
    assert!(!has("2"), "{:?}", meta.requests());
    meta.tell();
    meta.tell();
    assert_eq!(first.await.unwrap().status, 200);
    assert_eq!(bobs.await.unwrap().status, 200);
    eventually("there is room again", async || meta.requests().len() == 3).await;
    meta.tell();
    assert_eq!(second.await.unwrap().status, 200);
}
