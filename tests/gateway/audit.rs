//! What callers change over HTTP is written down, with who asked for it.

use serde_json::{Value, json};

use crate::harness::{Gateway, Place, TOKEN, cases, somebody, token_of};

cases![
    a_webhook_change_is_told_with_the_token_and_the_request,
    what_is_refused_or_only_read_is_not_told,
];

const PATH: &str = "/v2/webhooks/config";

async fn a_webhook_change_is_told_with_the_token_and_the_request(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&somebody("bob")).await;
    let before = gateway.store.audit_head().await.unwrap().id;
    let body = json!({ "webhookUrl": "https://example.com/hook?key=x", "webhookCode": "code" });
    let set = gateway.post(PATH, &body).header("X-Request-Id", "change-1");
    assert_eq!(set.send().await.status, 200);
    let body = json!({ "events": [] });
    let set = gateway.post(PATH, &body).token(&token_of("bob")).send().await;
    assert_eq!(set.status, 200);

    let entries = gateway.store.audit_entries_since(before, 10).await.unwrap();
    assert_eq!(entries.len(), 2);
    let [adas, bobs] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(adas.action, "webhook.changed");
    assert_eq!((adas.actor.as_str(), adas.actor_name.as_deref()), ("token", Some("-ada")));
    assert!(TOKEN.ends_with("-ada"));
    assert_eq!(adas.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(adas.request_id.as_deref(), Some("change-1"));
    assert_eq!(adas.at, gateway.clock.now());
    let ada = gateway.store.account("ada@example.com").await.unwrap().unwrap();
    assert_eq!(adas.account, Some(ada.id));
    let details: Value = serde_json::from_str(&adas.details).unwrap();
    let host = json!({ "from": null, "to": "example.com" });
    assert_eq!(details, json!({ "host": host, "codeChanged": true }));

    assert_eq!(bobs.actor_name.as_deref(), Some("-bob"));
    let request_id = set.header("x-request-id").unwrap();
    assert_eq!(bobs.request_id.as_deref(), Some(request_id));
}

async fn what_is_refused_or_only_read_is_not_told(place: Place) {
    let gateway = Gateway::start(&place).await;
    let before = gateway.store.audit_head().await.unwrap();
    assert_eq!(gateway.get(PATH).send().await.status, 200);
    let private = json!({ "webhookUrl": "https://10.0.0.1/" });
    assert_eq!(gateway.post(PATH, &private).send().await.status, 400);
    let nobodys = gateway.post(PATH, &json!({ "events": [] })).token(&token_of("nobody"));
    assert_eq!(nobodys.send().await.status, 401);
    let none = "/v2/webhooks/deliveries/00000000-0000-7000-8000-000000000000/redeliver";
    assert_eq!(gateway.ask("POST", none).send().await.status, 404);
    let same = json!({ "events": ["newLead", "newMessage"] });
    assert_eq!(gateway.post(PATH, &same).send().await.status, 200);
    assert_eq!(gateway.store.audit_head().await.unwrap(), before);
}
