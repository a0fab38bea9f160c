//! `/metrics` about webhooks: what Meta posts, and what customers are told.

use std::time::Duration;

use avenping_gateway::state::Readiness;
use serde_json::json;

use crate::harness::{Gateway, NOW, NUMBER, Place, Scrape, Setup, at, cases, eventually};
use crate::inbound::{envelope, post, status};

cases![
    what_meta_posts_is_counted_by_kind_and_repeats_apart,
    deliveries_are_counted_by_how_they_end,
    the_age_of_the_oldest_due_delivery_is_told,
];

fn attempts(scrape: &Scrape, result: &str) -> f64 {
    scrape.value("avenping_delivery_attempts_total", &[("result", result)])
}

/// A message of a customer's, as Meta posts it.
fn message(id: &str) -> String {
    let from = json!({ "wa_id": "4917012345678", "profile": { "name": "Eve" } });
    let message = json!({
        "from": "4917012345678", "id": id, "timestamp": "1700000000", "type": "text",
        "text": { "body": "Hello" },
    });
    envelope(&json!({ "contacts": [from], "messages": [message] })).to_string()
}

async fn what_meta_posts_is_counted_by_kind_and_repeats_apart(place: Place) {
    let gateway = Gateway::start(&place).await;
    let webhook = json!({ "webhookUrl": "https://a.example/hook" });
    assert_eq!(gateway.post("/v2/webhooks/config", &webhook).send().await.status, 200);
    for body in [message("one"), message("two"), message("one")] {
        assert_eq!(post(&gateway, &body).await.status, 200);
    }
    let mut failed = status("wamid.1", "failed", 1);
    failed["errors"] = json!([{ "code": 131_026 }]);
    let statuses = json!([status("wamid.1", "sent", 1), failed, status("wamid.1", "odd", 1)]);
    post(&gateway, &envelope(&json!({ "statuses": statuses })).to_string()).await;
    post(&gateway, "nonsense").await;
    post(&gateway, &message("stray").replace(NUMBER, "999")).await;
    let bare = gateway.ask("POST", "/webhooks/meta").anonymous().json("{}");
    assert_eq!(bare.clone().send().await.status, 401);
    assert_eq!(bare.claiming(1 << 40).send().await.status, 413);

    let scrape = gateway.scrape().await;
    let posts = |result: &str| scrape.value("avenping_inbound_posts_total", &[("result", result)]);
    assert_eq!(posts("stored"), 4.0);
    assert_eq!((posts("stored_unparsed"), posts("stored_unrouted")), (1.0, 1.0));
    assert_eq!((posts("bad_signature"), posts("incomplete"), posts("not_stored")), (1.0, 1.0, 0.0));
    let arrivals = |kind: &str| scrape.value("avenping_inbound_arrivals_total", &[("kind", kind)]);
    assert_eq!((arrivals("message"), arrivals("sent"), arrivals("failed")), (2.0, 1.0, 1.0));
    assert_eq!((arrivals("status"), arrivals("delivered"), arrivals("change")), (1.0, 0.0, 0.0));
    assert_eq!(scrape.value("avenping_inbound_repeats_total", &[]), 1.0);
    let events = |event: &str| scrape.value("avenping_events_total", &[("event", event)]);
    assert_eq!((events("newLead"), events("newMessage")), (1.0, 2.0));
    assert_eq!((events("messageStatus"), events("metaEvent")), (0.0, 0.0));
    assert_eq!(scrape.value("avenping_inbox_queue_depth", &[]), 0.0);

    gateway.store.close().await;
    assert_eq!(post(&gateway, &message("three")).await.status, 503);
    let scrape = gateway.scrape().await;
    let not_stored = [("result", "not_stored")];
    assert_eq!(scrape.value("avenping_inbound_posts_total", &not_stored), 1.0);
}

/// A gateway whose customer listens where Meta is.
async fn with_webhook(place: &Place) -> Gateway {
    let mut setup = Setup::new(place).await;
    setup.settings.webhooks.allow_private = true;
    let gateway = setup.start().await;
    let url = format!("{}/hook", gateway.meta.url());
    let webhook = json!({ "webhookUrl": url, "events": ["newMessage"] });
    assert_eq!(gateway.post("/v2/webhooks/config", &webhook).send().await.status, 200);
    gateway
}

async fn deliveries_are_counted_by_how_they_end(place: Place) {
    let gateway = with_webhook(&place).await;
    gateway.meta.answers("POST", "/hook", 200, "").await;
    post(&gateway, &message("one")).await;
    let counted = async |result: &str, count: f64| {
        eventually(result, async || attempts(&gateway.scrape().await, result) == count).await;
    };
    counted("delivered", 1.0).await;
    let scrape = gateway.scrape().await;
    assert_eq!(scrape.sum("avenping_delivery_attempts_total"), 1.0);
    assert_eq!(scrape.value("avenping_delivery_attempt_duration_seconds_count", &[]), 1.0);

    // The schedule of the harness has three attempts.
    gateway.meta.forget().await;
    gateway.meta.answers("POST", "/hook", 503, "").await;
    post(&gateway, &message("two")).await;
    counted("retry", 1.0).await;
    gateway.clock.advance(Duration::from_secs(600));
    counted("retry", 2.0).await;
    gateway.clock.advance(Duration::from_secs(3600));
    counted("dead", 1.0).await;
    gateway.meta.forget().await;
    gateway.meta.answers("POST", "/hook", 410, "").await;
    post(&gateway, &message("three")).await;
    counted("disabled", 1.0).await;
    let scrape = gateway.scrape().await;
    assert_eq!(scrape.sum("avenping_delivery_attempts_total"), 5.0);
    assert_eq!(scrape.value("avenping_delivery_attempts_in_flight", &[]), 0.0);
}

async fn the_age_of_the_oldest_due_delivery_is_told(place: Place) {
    let mut setup = Setup::new(&place).await.linger(Duration::from_secs(60));
    setup.settings.webhooks.allow_private = true;
    let gateway = setup.start().await;
    let ready = gateway.get("/v2/ready").anonymous().send().await.data();
    assert_eq!(ready, json!({ "ready": true, "oldestDueSeconds": 0 }));
    let age = "avenping_deliveries_oldest_due_age_seconds";
    assert_eq!(gateway.scrape().await.value(age, &[]), 0.0);

    // While it stops, it serves on and leaves deliveries to others.
    let webhook = json!({ "webhookUrl": "http://127.0.0.1:1/", "events": ["newMessage"] });
    assert_eq!(gateway.post("/v2/webhooks/config", &webhook).send().await.status, 200);
    gateway.stop();
    post(&gateway, &message("one")).await;
    gateway.clock.advance(Duration::from_secs(42));
    eventually("it is 42 seconds", async || gateway.scrape().await.value(age, &[]) == 42.0).await;
    let scrape = gateway.scrape().await;
    assert_eq!(scrape.value("avenping_deliveries_pending", &[]), 1.0);

    let backlog = async |seconds: i64| {
        let now = at(NOW + seconds * 1000);
        Readiness::default().backlog(&gateway.store, now).await.expect("the database answers")
    };
    let (fair, late) = (backlog(60).await, backlog(61).await);
    assert_eq!((fair.oldest_due, fair.is_late()), (Duration::from_secs(60), false));
    assert_eq!((late.oldest_due, late.is_late()), (Duration::from_secs(61), true));
}
