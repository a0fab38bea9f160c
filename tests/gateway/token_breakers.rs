//! The breaker of an account's Meta token: a token that Graph refused is not shown again and again.

use std::time::Duration;

use avenping_gateway::store::AccountChange;
use serde_json::json;

use crate::harness::{
    ACCEPTED, Answer, Ask, BY, Gateway, META_TOKEN, NOW, NUMBER, Place, WABA, another, at, cases,
    eventually, token_of,
};

cases![
    a_refused_token_is_not_shown_again_for_half_a_minute,
    nothing_of_the_account_goes_up_and_other_accounts_go_on,
    a_new_token_is_used_at_once,
    a_read_finds_out_as_well_as_a_send,
    what_the_token_may_not_do_is_no_reason,
    when_the_time_is_over_one_call_finds_out,
];

const TEXT: &str = "/v2/messages/send/text";
const SHUT: &str = "WhatsApp refuses this account's access; try again later";
const REFUSED: &str = r#"{"error":{"message":"Error validating access token","code":190}}"#;
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

async fn a_refused_token_is_not_shown_again_for_half_a_minute(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, body) in [
        (401, REFUSED),
        (400, REFUSED),
        (200, REFUSED),
        (401, r#"{"error":{"message":"AuthException","code":0}}"#),
    ] {
        meta_says(&gateway, status, body).await;
        assert_eq!(send(&gateway).await.json()["details"]["outcome"], "rejected", "{status}");
        for (wait, left) in [(0, "30"), (29, "1")] {
            gateway.clock.advance(Duration::from_secs(wait));
            send(&gateway).await.shut(SHUT, left);
        }
        assert_eq!(gateway.meta.count().await, 1, "{status} {body}");
        gateway.clock.advance(Duration::from_secs(1));
    }
}

async fn nothing_of_the_account_goes_up_and_other_accounts_go_on(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&another("bob", "EAAG-the-token-of-bob", &[NUMBER])).await;
    gateway.join(&another("eve", META_TOKEN, &[NUMBER, OTHER])).await;
    let eve = token_of("eve");
    meta_says(&gateway, 401, REFUSED).await;
    assert_eq!(from(&gateway, NUMBER).token(&eve).send().await.status, 500);
    from(&gateway, OTHER).token(&eve).send().await.shut(SHUT, "30");
    for target in
        ["/v2/templates", "/v2/templates/x", "/v2/forms", "/v2/media/77", "/v2/media/77/download"]
    {
        gateway.get(target).token(&eve).send().await.shut(SHUT, "30");
    }
    gateway.ask("DELETE", "/v2/media/77").token(&eve).send().await.shut(SHUT, "30");
    let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", OTHER);
    upload.token(&eve).body("the bytes").send().await.shut(SHUT, "30");
    assert_eq!(gateway.meta.count().await, 1);

    meta_says(&gateway, 200, ACCEPTED).await;
    let bob = from(&gateway, NUMBER).token(&token_of("bob"));
    assert_eq!(bob.send().await.status, 200);
}

async fn a_new_token_is_used_at_once(place: Place) {
    let gateway = Gateway::start(&place).await;
    meta_says(&gateway, 401, REFUSED).await;
    assert_eq!(send(&gateway).await.status, 500);
    send(&gateway).await.shut(SHUT, "30");
    meta_says(&gateway, 200, ACCEPTED).await;

    let ada = gateway.store.account("ada@example.com").await.unwrap().unwrap().id;
    let change =
        AccountChange { meta_token: Some("EAAG-a-new-token".into()), ..Default::default() };
    assert!(gateway.store.change_account(&ada, &change, &BY, at(NOW)).await.unwrap());
    // The clock stands still: it is the token that makes the difference.
    eventually("the new token is used", async || send(&gateway).await.status == 200).await;
    let asked = gateway.meta.only().await;
    assert_eq!(asked.headers["authorization"], "Bearer EAAG-a-new-token");
    assert_eq!(send(&gateway).await.status, 200);
}

async fn a_read_finds_out_as_well_as_a_send(place: Place) {
    let gateway = Gateway::start(&place).await;
    let templates = format!("/v23.0/{WABA}/message_templates");
    gateway.meta.answers("GET", &templates, 401, REFUSED).await;
    assert_eq!(gateway.get("/v2/templates").send().await.status, 500);
    gateway.get("/v2/templates").send().await.shut(SHUT, "30");
    send(&gateway).await.shut(SHUT, "30");
    assert_eq!(gateway.meta.count().await, 1);
}

async fn what_the_token_may_not_do_is_no_reason(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, body) in [
        (403, r#"{"error":{"message":"No","code":10}}"#),
        (403, r#"{"error":{"message":"No","code":200}}"#),
        (400, r#"{"error":{"message":"No","code":131005}}"#),
        (401, "<html>a proxy that asks for a password</html>"),
        (500, REFUSED),
    ] {
        meta_says(&gateway, status, body).await;
        for _ in 0..3 {
            assert_eq!(send(&gateway).await.status, 500);
        }
        assert_eq!(gateway.meta.count().await, 3, "{status} {body}");
    }
}

async fn when_the_time_is_over_one_call_finds_out(place: Place) {
    let gateway = Gateway::start(&place).await;
    meta_says(&gateway, 401, REFUSED).await;
    assert_eq!(send(&gateway).await.status, 500);
    for _ in 0..3 {
        // It never grows: the token may be good again at any time.
        send(&gateway).await.shut(SHUT, "30");
        gateway.clock.advance(Duration::from_secs(30));
        assert_eq!(send(&gateway).await.status, 500);
    }
    gateway.clock.advance(Duration::from_secs(30));
    meta_says(&gateway, 200, ACCEPTED).await;
    for _ in 0..3 {
        assert_eq!(send(&gateway).await.status, 200);
    }
}
