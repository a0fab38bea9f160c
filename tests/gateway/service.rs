//! What the gateway tells of itself, and of the account.

use serde_json::json;

use crate::harness::{Gateway, META_TOKEN, NUMBER, Place, Setup, TOKEN, WABA, cases};

cases![
    anybody_may_ask_for_name_health_version_and_readiness,
    an_account_sees_itself_and_no_secret,
    no_answer_holds_a_secret,
    links_lead_to_the_listener_when_no_public_address_is_set,
];

const VERSION: &str = env!("CARGO_PKG_VERSION");

async fn anybody_may_ask_for_name_health_version_and_readiness(place: Place) {
    let gateway = Gateway::start(&place).await;
    let ask = async |path: &str| gateway.get(path).anonymous().send().await;
    ask("/v2/health").await.is(200, r#"{"success":true,"data":{"status":"ok"}}"#);
    let version = format!(
        r#"{{"success":true,"data":{{"version":"{VERSION}","api":"v2","graph":"v23.0"}}}}"#
    );
    ask("/v2/version").await.is(200, &version);
    assert_eq!(ask("/v2/ready").await.status, 200);
    let welcome = ask("/").await.data();
    assert_eq!(welcome["version"], VERSION);
    assert_eq!(welcome["documentation"], "https://gateway.example/docs");
    assert!(welcome["name"].is_string());
    assert_eq!(gateway.meta.count().await, 0);
}

async fn an_account_sees_itself_and_no_secret(place: Place) {
    let gateway = Gateway::start(&place).await;
    let answer = gateway.get("/v2/me").send().await;
    let data = answer.data();
    let expected = json!({
        "user": { "id": data["user"]["id"], "name": "ada", "email": "ada@example.com" },
        "plan": { "name": "Premium", "endDate": "2027-01-16T08:00:00.000Z" },
        "wabaId": WABA,
        "whatsAppAccount": { "id": "whatsapp-ada", "wabaId": WABA, "displayName": "ada Ltd" },
        "phoneNumbers": [
            { "phoneNumberId": NUMBER, "phoneNumber": "+1 555 078 3881", "name": "Sales" }
        ],
        "phoneNumberIds": [NUMBER],
    });
    assert_eq!(data, expected);
}

async fn no_answer_holds_a_secret(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.post("/v2/webhooks/config", &json!({ "webhookCode": "a-secret-code" })).send().await;
    for path in ["/", "/v2/me", "/v2/version", "/v2/openapi.json", "/v2/ready", "/v2/templates"] {
        let answer = gateway.get(path).send().await;
        for secret in [META_TOKEN, TOKEN, "a-secret-code"] {
            assert!(!answer.text().contains(secret), "{path} tells {secret}");
        }
    }
}

async fn links_lead_to_the_listener_when_no_public_address_is_set(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.public_url = None;
    let gateway = setup.start().await;
    let welcome = gateway.get("/").send().await.data();
    let expected = format!("http://{}/docs", gateway.address());
    assert_eq!(welcome["documentation"], expected);
}
