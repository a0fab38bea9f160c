//! `/v2/webhooks`, as callers of the gateway see it.

use std::time::Duration;

use avenping_gateway::app::{Gateway, GatewaySettings};
use avenping_gateway::config::{
    BreakerSettings, GraphSettings, LimitSettings, ListenerSettings, MetaSettings, Period,
    RecordSettings, Switch, TemplateSettings, TraceSettings, UpstreamStatus, WebhookSettings,
};
use avenping_gateway::model::DeliveryState;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::attempts::standard;
use crate::fixtures::{BY, at, join, token_text};
use crate::harness::{Place, cases};
use crate::receiver::{Act, Receiver};
use crate::world::{CODE, World, body_of};

cases![
    a_gateway_delivers_what_is_enqueued_and_stops_in_order,
    whoever_answers_the_challenge_is_verified,
    whoever_does_not_answer_it_is_told_why,
    a_test_is_delivered_at_once_and_tells_how_it_went,
    a_test_is_signed_like_any_delivery,
    without_a_url_nothing_can_be_verified_or_tested,
    deliveries_are_listed_page_by_page,
    one_delivery_has_its_log,
    a_stranger_finds_nothing,
    deliveries_are_made_once_more_by_hand,
    a_range_is_judged_before_it_is_delivered_again,
    a_paused_endpoint_is_shown_and_a_test_that_arrives_enables_it,
    a_gateway_whose_webhooks_are_late_is_not_ready,
];

struct Running {
    url: String,
    http: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body["data"]
    }
}

impl Running {
    async fn start(world: &World) -> Self {
        let patience: Period = Duration::from_secs(20).into();
        let settings = GatewaySettings {
            templates: TemplateSettings { check: Switch::On },
            records: RecordSettings {
                record_messages: true,
                idempotency_lease: Duration::from_secs(40).into(),
                message_retention: Duration::from_secs(3600).into(),
            },
            meta: MetaSettings::default(),
            listener: ListenerSettings {
                bind: "127.0.0.1:0".parse().unwrap(),
                metrics_bind: None,
                public_url: None,
                header_timeout: patience,
                body_timeout: patience,
                drain_timeout: patience,
                upstream_status: UpstreamStatus::Compatible,
            },
            graph: GraphSettings {
                url: "http://127.0.0.1:1".parse().unwrap(),
                version: "v23.0".parse().unwrap(),
                connect_timeout: patience,
                send_timeout: patience,
                read_timeout: patience,
                media_timeout: patience,
                breakers: BreakerSettings { failures: 10, open: patience, token_open: patience },
            },
            webhooks: WebhookSettings { allow_private: true },
            deliveries: world.settings.clone(),
            limits: LimitSettings::default(),
            traces: TraceSettings::default(),
        };
        let stop = CancellationToken::new();
        // A handle of its own: the gateway closes it when it ends.
        let store = world.place.store().await;
        let gateway = Gateway::bind(store, world.clock.clone(), settings, stop.clone()).unwrap();
        let url = format!("http://{}", gateway.address());
        let running = tokio::spawn(gateway.run(Duration::ZERO));
        Self { url, http: plain_client(), stop, running }
    }

    async fn ask(&self, method: &str, path: &str, who: &str, body: Option<Value>) -> Answer {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(token_text(who));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        Answer { status, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "ada", None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, "ada", Some(body)).await
    }

    async fn call(&self, path: &str) -> Answer {
        self.ask("POST", path, "ada", None).await
    }

    async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

fn plain_client() -> reqwest::Client {
    let tls = avenping_gateway::tls::client_config();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

async fn a_gateway_delivers_what_is_enqueued_and_stops_in_order(place: Place) {
    let receiver = Receiver::start(&[], Act::Slowly(Duration::from_millis(300))).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    world.tell("one").await;
    receiver.called(1).await;
    gateway.stop().await;
    assert_eq!(world.count(&world.account, DeliveryState::Delivered).await, 1);
}

async fn whoever_answers_the_challenge_is_verified(place: Place) {
    let receiver = Receiver::start(&[], Act::Challenge).await;
    let world = World::new(place, &format!("{}?own=1", receiver.url())).await;
    let gateway = Running::start(&world).await;
    let verified = gateway.call("/v2/webhooks/verify").await;
    assert_eq!(*verified.data(), json!({ "isVerified": true, "status": 200 }));
    assert_eq!(gateway.get("/v2/webhooks/config").await.data()["isVerified"], true);
    let call = receiver.calls().remove(0);
    let token = format!("own=1&hub.mode=subscribe&hub.verify_token={}&", CODE.replace(' ', "+"));
    assert!(call.target.contains(&token), "{}", call.target);

    let moved = json!({ "webhookUrl": "http://127.0.0.1:1/" });
    let config = gateway.post("/v2/webhooks/config", moved).await;
    assert_eq!(config.data()["isVerified"], false);
}

async fn whoever_does_not_answer_it_is_told_why(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(200), Act::Answer(403)], Act::Reset).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    for expected in [
        json!({ "isVerified": false, "status": 200,
                "error": "The endpoint did not answer with the challenge" }),
        json!({ "isVerified": false, "status": 403, "error": "The endpoint answered 403" }),
        json!({ "isVerified": false, "error": "The endpoint broke the connection off" }),
    ] {
        assert_eq!(*gateway.call("/v2/webhooks/verify").await.data(), expected);
    }
    assert_eq!(gateway.get("/v2/webhooks/config").await.data()["isVerified"], false);
}

async fn a_test_is_delivered_at_once_and_tells_how_it_went(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(202)], Act::Answer(500)).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    let test = gateway.call("/v2/webhooks/test").await;
    assert_eq!((&test.data()["delivered"], &test.data()["status"]), (&json!(true), &json!(202)));
    assert!(test.data()["durationMs"].is_u64() && test.data().get("error").is_none());
    let call = receiver.calls().remove(0);
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["newMessage"]["type"], "text");
    assert!(call.header("webhook-signature").starts_with("v1,") && call.id().starts_with("evt_"));

    let test = gateway.call("/v2/webhooks/test").await;
    assert_eq!(test.data()["delivered"], false);
    assert_eq!(test.data()["error"], "The endpoint answered 500");
    assert_eq!(gateway.get("/v2/webhooks/deliveries").await.data()["items"], json!([]));
}

async fn a_test_is_signed_like_any_delivery(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    let another = json!({ "webhookCode": "another code" });
    assert_eq!(gateway.post("/v2/webhooks/config", another).await.status, 200);
    assert_eq!(gateway.call("/v2/webhooks/test").await.data()["delivered"], true);
    let call = receiver.calls().remove(0);
    let both = format!("{} {}", standard("another code", &call), standard(CODE, &call));
    assert_eq!(call.header("webhook-signature"), both);
}

async fn without_a_url_nothing_can_be_verified_or_tested(place: Place) {
    let world = World::new(place, "").await;
    let gateway = Running::start(&world).await;
    for path in ["/v2/webhooks/verify", "/v2/webhooks/test"] {
        let refused = gateway.call(path).await;
        assert_eq!(refused.status, 400);
        let details = json!([{ "path": "webhookUrl", "message": "is not set" }]);
        assert_eq!(refused.body["details"], details);
    }
}

async fn deliveries_are_listed_page_by_page(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(500)], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    let failed = world.tell("0").await;
    world.attempted(&failed, 1).await;
    let mut ids = vec![failed.as_str().to_owned()];
    for number in 1..5 {
        ids.push(world.tell(&number.to_string()).await.as_str().to_owned());
    }
    world.all_delivered(4).await;
    ids.reverse();

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = gateway.get(&format!("/v2/webhooks/deliveries?limit=2{after}")).await;
        let items = page.data()["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.data()["paging"]["cursors"]["after"].as_str() else { break };
        after = format!("&after={cursor}");
    }
    assert_eq!(seen, ids);

    let pending = gateway.get("/v2/webhooks/deliveries?state=pending").await;
    let item = &pending.data()["items"][0];
    assert_eq!(pending.data()["items"].as_array().unwrap().len(), 1);
    assert_eq!(item["event"], "newMessage");
    assert_eq!((&item["state"], &item["attempts"]), (&json!("pending"), &json!(1)));
    assert_eq!(item["createdAt"], "1970-01-01T00:00:01.000Z");
    assert_eq!(item["deliveredAt"], Value::Null);
    assert!(item["nextAttemptAt"].as_str().unwrap().starts_with("1970-01-01T00:00:0"));

    for (query, path) in [
        ("state=odd", "state"),
        ("state=", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=x", "after"),
    ] {
        let refused = gateway.get(&format!("/v2/webhooks/deliveries?{query}")).await;
        assert_eq!((refused.status, &refused.body["details"][0]["path"]), (400, &json!(path)));
    }
}

async fn one_delivery_has_its_log(place: Place) {
    let receiver = Receiver::start(&[], Act::Answer(404)).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    let id = world.tell("one").await;
    world.attempted(&id, 1).await;
    let found = gateway.get(&format!("/v2/webhooks/deliveries/{}", id.as_str())).await;
    assert_eq!(found.data()["webhookId"], receiver.calls()[0].id());
    let attempt = &found.data()["log"][0];
    assert_eq!(
        (&attempt["status"], &attempt["at"]),
        (&json!(404), &json!("1970-01-01T00:00:01.000Z"))
    );
    assert_eq!(attempt["error"], "The endpoint answered 404");
    assert!(attempt["durationMs"].is_u64());
}

async fn a_stranger_finds_nothing(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    join(&world.store, "bob").await;
    let gateway = Running::start(&world).await;
    let id = world.tell("one").await;
    world.all_delivered(1).await;
    let own = id.as_str().to_uppercase();
    for path in [id.as_str(), "00000000-0000-7000-8000-000000000000", "x", "%00", "%FF", &own] {
        for (method, path) in [
            ("GET", format!("/v2/webhooks/deliveries/{path}")),
            ("POST", format!("/v2/webhooks/deliveries/{path}/redeliver")),
        ] {
            let refused = gateway.ask(method, &path, "bob", None).await;
            assert_eq!(refused.status, 404, "{path}");
            assert_eq!(refused.body["message"], "Delivery not found", "{path}");
        }
    }
    let list = gateway.ask("GET", "/v2/webhooks/deliveries", "bob", None).await;
    assert_eq!(list.data()["items"], json!([]));
}

async fn deliveries_are_made_once_more_by_hand(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    let first = world.tell("one").await;
    // Two attempts that run at once may arrive in any order.
    receiver.called(1).await;
    world.pass(1);
    world.tell("two").await;
    receiver.called(2).await;
    world.all_delivered(2).await;

    let path = format!("/v2/webhooks/deliveries/{}/redeliver", first.as_str());
    let again = gateway.call(&path).await;
    assert_eq!(again.data()["id"], first.as_str());
    let calls = receiver.called(3).await;
    assert_eq!((calls[2].id(), &calls[2].body), (calls[0].id(), &body_of("one")));
    world.all_delivered(2).await;

    let range = json!({ "from": "1970-01-01T00:00:01Z", "to": "1970-01-01T00:00:02Z" });
    let some = gateway.post("/v2/webhooks/deliveries/redeliver", range).await;
    assert_eq!(*some.data(), json!({ "redelivered": 1 }));
    receiver.called(4).await;

    let entries = world.store.audit_entries(Some(&world.account), None, 2).await.unwrap();
    let told = entries.iter().map(|entry| (entry.action.as_str(), entry.actor_name.as_deref()));
    let who = Some("-ada");
    let expected = [("range.redelivered", who), ("delivery.redelivered", who)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

async fn a_range_is_judged_before_it_is_delivered_again(place: Place) {
    let world = World::new(place, "http://127.0.0.1:1/").await;
    world.clock.advance(Duration::from_secs(30 * 24 * 3600));
    // The plan of the account has ended by then.
    renew(&world).await;
    let gateway = Running::start(&world).await;
    for (body, path) in [
        (json!({}), "from"),
        (json!({ "from": "yesterday", "to": "1970-01-30T00:00:00Z" }), "from"),
        (json!({ "from": "1970-01-30T00:00:00Z", "to": "1970-01-30T00:00:00Z" }), "to"),
        (json!({ "from": "1970-01-16T23:59:59Z", "to": "1970-01-30T00:00:00Z" }), "from"),
    ] {
        let refused = gateway.post("/v2/webhooks/deliveries/redeliver", body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.body["details"][0]["path"], path, "{body}");
    }
    let range = json!({ "from": "1970-01-17T00:00:01.001Z", "to": "2970-01-30T00:00:00+01:00" });
    let none = gateway.post("/v2/webhooks/deliveries/redeliver", range).await;
    assert_eq!(*none.data(), json!({ "redelivered": 0 }));
}

async fn renew(world: &World) {
    use avenping_gateway::model::Plan;
    use avenping_gateway::store::AccountChange;

    let ends_at = Some(at(i64::MAX / 2));
    let plan = Plan { name: "Premium".to_owned(), add_on: false, ends_at };
    let change = AccountChange { primary_plan: Some(Some(plan)), ..AccountChange::default() };
    world.store.change_account(&world.account, &change, &BY, world.clock.now()).await.unwrap();
}

async fn a_paused_endpoint_is_shown_and_a_test_that_arrives_enables_it(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(410)], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    assert!(gateway.get("/v2/webhooks/config").await.data().get("disabled").is_none());
    let id = world.tell("one").await;
    world.attempted(&id, 1).await;
    let config = gateway.get("/v2/webhooks/config").await;
    let since = "1970-01-01T00:00:01.000Z";
    let reason = "The endpoint answered 410 Gone";
    assert_eq!(config.data()["disabled"], json!({ "since": since, "reason": reason }));
    let list = gateway.get("/v2/webhooks/deliveries?state=paused").await;
    assert_eq!(list.data()["items"][0]["state"], "paused");

    assert_eq!(gateway.call("/v2/webhooks/test").await.data()["delivered"], true);
    assert!(gateway.get("/v2/webhooks/config").await.data().get("disabled").is_none());
    let entries = world.store.audit_entries(Some(&world.account), None, 2).await.unwrap();
    let told = entries.iter().map(|entry| (entry.action.as_str(), entry.actor.as_str()));
    let expected = [("endpoint.enabled", "token"), ("endpoint.disabled", "gateway")];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    world.pass(7);
    world.all_delivered(1).await;
}

async fn a_gateway_whose_webhooks_are_late_is_not_ready(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let gateway = Running::start(&world).await;
    // Nothing can be claimed any more.
    world.place.execute("ALTER TABLE webhook_configs RENAME TO elsewhere").await;
    world.tell("one").await;
    assert_eq!(gateway.get("/v2/ready").await.status, 200);
    world.pass(61);
    crate::eventually("it is not ready", || async {
        let ready = gateway.get("/v2/ready").await;
        let told = "Not ready: webhooks are not delivered";
        ready.status == 503 && ready.body["message"] == told
    })
    .await;
    world.place.execute("ALTER TABLE elsewhere RENAME TO webhook_configs").await;
    world.all_delivered(1).await;
    crate::eventually("it is ready", || async { gateway.get("/v2/ready").await.status == 200 })
        .await;
}
