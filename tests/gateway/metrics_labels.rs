//! Labels come from closed sets, whatever callers, Meta and customers say; and nothing that is
//! scraped tells of anybody.

use std::collections::BTreeSet;

use avenping_gateway::app::routes;
use serde_json::json;

use crate::harness::{
    APP_SECRET, Gateway, META_TOKEN, NUMBER, Place, Setup, TOKEN, VERIFY_TOKEN, WABA, cases,
    eventually,
};
use crate::inbound::{envelope, post};

cases![labels_stay_in_their_sets_whatever_is_asked, a_scrape_tells_of_nobody,];

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

async fn labels_stay_in_their_sets_whatever_is_asked(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = format!("/v23.0/{NUMBER}/messages");
    for target in [
        "/",
        "//",
        "/v2/media/15551234567",
        "/v2/media/..%2fme",
        "/v2/forms/%00",
        "/%ff",
        "/v2/",
        "/v2/templates/a%22b%0a",
        "/v2/messages/send/text\"",
        "/metrics/",
        "/metrics/x",
        "*",
        "/v2/webhooks/deliveries/00000000-0000-0000-0000-000000000000",
        "/{path}",
        "/v2/{name}",
    ] {
        for method in ["GET", "BREW", "post", "G\u{e9}T", "TRACE", "OPTIONS", "X-\"A\"", "DELETE"] {
            // Some heads are no HTTP, and end with a bare refusal or none.
            let mut caller = gateway.connect().await;
            caller.write(&gateway.ask(method, target).bytes()).await;
            caller.close_writing().await;
            caller.answer().await;
        }
    }
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    for code in [json!(1), json!(131_047), json!(424_242), json!("a\"b\n"), json!(-7), json!(1.5)] {
        gateway.meta.forget().await;
        let refusal = json!({ "error": { "code": code } }).to_string();
        gateway.meta.answers("POST", &path, 400, &refusal).await;
        let answer = gateway.post("/v2/messages/send/text", &text).send().await;
        assert_eq!(answer.status, 500);
    }
    // An upload keeps Graph's own status, whatever it is.
    for status in [404, 418, 451, 499] {
        gateway.meta.forget().await;
        let error = r#"{"error":{"code":100}}"#;
        gateway.meta.answers("POST", &format!("/v23.0/{NUMBER}/media"), status, error).await;
        let upload = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
        let answer = upload.header("Content-Type", "text/plain").body("x").send().await;
        assert_eq!(answer.status, status);
    }

    let scrape = gateway.scrape().await;
    let mut known: BTreeSet<_> = routes().iter().map(|route| route.path).collect();
    known.insert("none");
    let stray: Vec<_> = scrape.values_of("route").difference(&known).copied().collect();
    assert!(stray.is_empty(), "{stray:?}");
    assert!(scrape.values_of("method").is_subset(&BTreeSet::from(METHODS)));
    assert!(scrape.values_of("method").contains("other"));
    for status in scrape.values_of("status") {
        let number: u16 = status.parse().unwrap();
        assert!((100..600).contains(&number), "{status}");
    }
    assert_eq!(scrape.values_of("code"), BTreeSet::from(["none", "other", "1", "131047", "100"]));
    let kinds = ["send", "read", "write", "upload", "media"];
    assert!(BTreeSet::from(kinds).is_subset(&scrape.values_of("kind")));
    let outcomes = ["sent", "ok", "rejected", "not_sent", "unknown", "abandoned"];
    assert!(scrape.values_of("outcome").is_subset(&BTreeSet::from(outcomes)));
}

async fn a_scrape_tells_of_nobody(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.webhooks.allow_private = true;
    let gateway = setup.start().await;
    let (to, customer, code) = ("15557654321", "4917012345678", "the-code-of-the-webhook");
    let url = format!("{}/hook", gateway.meta.url());
    gateway.meta.answers("POST", "/hook", 200, "").await;
    let webhook = json!({ "webhookUrl": url, "webhookCode": code });
    gateway.post("/v2/webhooks/config", &webhook).send().await;
    let text = json!({
        "phoneNumberId": NUMBER, "to": to, "text": "the-words", "reference": "the-reference",
    });
    let send = || gateway.post("/v2/messages/send/text", &text);
    send().header("X-Request-Id", "the-request").send().await;
    send().header("Idempotency-Key", "the-key").send().await;
    send().token("a-token-of-nobody").send().await;
    for path in ["/v2/me", "/v2/templates", "/v2/media/15557654321", "/v2/messages?to=15557654321"]
    {
        gateway.get(path).send().await;
    }
    let told = json!({
        "contacts": [{ "wa_id": customer, "profile": { "name": "Eve of Example" } }],
        "messages": [{ "from": customer, "id": "wamid.of-eve", "text": { "body": "the-words" } }],
    });
    post(&gateway, &envelope(&told).to_string()).await;
    let delivered = [("result", "delivered")];
    eventually("the webhook is delivered", async || {
        gateway.scrape().await.value("avenping_delivery_attempts_total", &delivered) == 2.0
    })
    .await;

    let scrape = gateway.scrape().await;
    let account = gateway.get("/v2/me").send().await.data();
    let account = account["user"]["id"].as_str().unwrap();
    let secrets = [META_TOKEN, TOKEN, APP_SECRET, VERIFY_TOKEN, code, "a-token-of-nobody"];
    let people = [
        to,
        customer,
        NUMBER,
        WABA,
        account,
        "ada",
        "Eve of",
        "wamid",
        "the-words",
        "the-reference",
        "the-request",
        "the-key",
        "/hook",
        "127.0.0.1",
    ];
    for told in secrets.iter().chain(&people) {
        assert!(!scrape.text.contains(told), "the scrape tells {told}:\n{}", scrape.text);
    }
}
