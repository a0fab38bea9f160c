//! `/metrics`: what was turned away, by what there was too much of.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    ACCEPTED, Act, Ask, Gateway, NUMBER, Place, Scrape, Setup, Wire, answer, cases, eventually,
    token_of,
};

cases![
    who_finds_no_place_is_counted_by_class,
    who_is_too_fast_is_counted_by_whose_limit_it_is,
    breakers_are_counted_while_they_are_open,
];

fn text(gateway: &Gateway) -> Ask {
    let body = json!({ "phoneNumberId": NUMBER, "to": "15551234567", "text": "Hi" });
    gateway.post("/v2/messages/send/text", &body)
}

fn upload(gateway: &Gateway) -> Ask {
    let ask = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    ask.header("Content-Type", "image/png").body("a picture")
}

fn shed(scrape: &Scrape) -> [f64; 3] {
    let of = |class| scrape.value("avenping_http_requests_shed_total", &[("class", class)]);
    ["call", "media", "inbound"].map(of)
}

fn limited(scrape: &Scrape) -> [f64; 3] {
    let of = |policy| scrape.value("avenping_http_requests_limited_total", &[("policy", policy)]);
    ["account", "number", "address"].map(of)
}

fn open(scrape: &Scrape) -> [f64; 3] {
    ["number", "host", "token"]
        .map(|kind| scrape.value("avenping_breakers_open", &[("kind", kind)]))
}

async fn who_finds_no_place_is_counted_by_class(place: Place) {
    let meta = Wire::always(Act::AnswerWhenTold(answer(200, "", ACCEPTED))).await;
    let mut setup = Setup::new(&place).await.graph(&meta.url());
    let limits = &mut setup.settings.limits;
    (limits.concurrency, limits.media_concurrency) = (1, 1);
    (limits.account_share, limits.queue_length) = (100, 0);
    let gateway = setup.start().await;
    let running = [tokio::spawn(text(&gateway).send()), tokio::spawn(upload(&gateway).send())];
    eventually("both reach Meta", async || meta.requests().len() == 2).await;
    assert_eq!(shed(&gateway.scrape().await), [0.0, 0.0, 0.0]);

    for ask in [text(&gateway), gateway.get("/v2/me"), upload(&gateway)] {
        assert_eq!(ask.send().await.status, 503);
    }
    assert_eq!(gateway.get("/v2/ready").anonymous().send().await.status, 200);
    let scrape = gateway.scrape().await;
    assert_eq!(shed(&scrape), [2.0, 1.0, 0.0]);
    assert_eq!(limited(&scrape), [0.0, 0.0, 0.0]);
    meta.tell();
    meta.tell();
    for running in running {
        running.await.unwrap();
    }
    assert_eq!(shed(&gateway.scrape().await), [2.0, 1.0, 0.0]);
}

async fn who_is_too_fast_is_counted_by_whose_limit_it_is(place: Place) {
    let mut setup = Setup::new(&place).await;
    let limits = &mut setup.settings.limits;
    limits.account_rate = "3/60s".parse().unwrap();
    limits.number_rate = "1/60s".parse().unwrap();
    limits.failed_auth_rate = "2/60s".parse().unwrap();
    let gateway = setup.start().await;
    for status in [200, 429, 429] {
        assert_eq!(text(&gateway).send().await.status, status);
    }
    assert_eq!(limited(&gateway.scrape().await), [0.0, 2.0, 0.0]);
    assert_eq!(gateway.get("/v2/me").send().await.status, 429);
    for status in [401, 401, 429, 429, 429] {
        let guess = gateway.get("/v2/me").token(&token_of("nobody"));
        assert_eq!(guess.send().await.status, status);
    }
    let scrape = gateway.scrape().await;
    assert_eq!(limited(&scrape), [1.0, 2.0, 3.0]);
    assert_eq!(shed(&scrape), [0.0, 0.0, 0.0]);
}

async fn breakers_are_counted_while_they_are_open(place: Place) {
    let failure = |code: u32| json!({ "error": { "message": "no", "code": code } }).to_string();
    let told: [(Act, [f64; 3]); 3] = [
        (Act::Answer(answer(500, "", &failure(131_000))), [1.0, 0.0, 0.0]),
        // A connection that breaks tells of the number, and of the host.
        (Act::Reset(Vec::new()), [1.0, 1.0, 0.0]),
        (Act::Answer(answer(401, "", &failure(190))), [0.0, 0.0, 1.0]),
    ];
    for (act, expected) in told {
        let wire = Wire::always(act).await;
        let mut setup = Setup::new(&place).await.graph(&wire.url());
        setup.settings.graph.breakers.failures = 2;
        let gateway = setup.start().await;
        assert_eq!(open(&gateway.scrape().await), [0.0, 0.0, 0.0]);
        for _ in 0..2 {
            text(&gateway).send().await;
        }
        assert_eq!(open(&gateway.scrape().await), expected);
        let refused: Value = text(&gateway).send().await.json();
        assert_eq!(refused["details"]["outcome"], "not_sent");
        gateway.clock.advance(Duration::from_secs(60));
        assert_eq!(open(&gateway.scrape().await), [0.0, 0.0, 0.0]);
    }
}
