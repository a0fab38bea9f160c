//! A store with an account in it, a clock that stands still, and workers.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::clock::Clock;
use avenping_gateway::config::DeliverySettings;
use avenping_gateway::delivery::{WebhookClient, Worker};
use avenping_gateway::model::{
    AccountId, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, NewEvent,
    WebhookChange, WebhookEvent,
};
use avenping_gateway::store::{Arrival, Contact, Deliveries, InboundPost, Keep, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::eventually;
use crate::fixtures::{BY, START, at, join};
use crate::harness::Place;

pub(crate) const CODE: &str = "the code of ada";

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) account: AccountId,
    pub(crate) settings: DeliverySettings,
}

/// A worker at work; dropped, it is gone in the middle of whatever it does.
pub(crate) struct Working {
    running: JoinHandle<()>,
    stop: CancellationToken,
}

pub(crate) fn settings() -> DeliverySettings {
    DeliverySettings {
        retry_schedule: "0s,5s,5m,30m".parse().unwrap(),
        slow_retry: Duration::from_secs(60).into(),
        lease: Duration::from_secs(60).into(),
        connect_timeout: Duration::from_secs(5).into(),
        timeout: Duration::from_secs(10).into(),
    }
}

impl World {
    pub(crate) async fn new(place: Place, url: &str) -> Self {
        let store = place.store().await;
        let account = join(&store, "ada").await;
        let clock = Clock::fixed(at(START));
        let world = Self { place, store, clock, account, settings: settings() };
        world.point(&world.account, url).await;
        world
    }

    pub(crate) async fn point(&self, account: &AccountId, url: &str) {
        let url = Some((!url.is_empty()).then(|| url.to_owned()));
        let change = WebhookChange { url, code: Some(Some(CODE.into())), events: None };
        let code = "fresh".into();
        let now = self.clock.now();
        self.store.change_webhook_config(account, &change, &code, &BY, now).await.unwrap();
    }

    pub(crate) async fn work(&self) -> Working {
        self.work_on(&self.store)
    }

    pub(crate) fn work_on(&self, store: &Store) -> Working {
        let client = WebhookClient::new(&self.settings, true).unwrap();
        let store = Arc::clone(store) as Arc<dyn Deliveries>;
        let worker =
            Worker::new(store, client, self.clock.clone(), &self.settings, Default::default());
        let stop = CancellationToken::new();
        Working { running: tokio::spawn(worker.run(stop.clone())), stop }
    }

    pub(crate) async fn tell(&self, text: &str) -> DeliveryId {
        self.tell_to(&self.account, text).await
    }

    /// Has something happen to the account: a message that Meta posts.
    pub(crate) async fn tell_to(&self, account: &AccountId, text: &str) -> DeliveryId {
        let id = EventId::generate();
        let arrival = Arrival {
            account: account.clone(),
            kind: "message",
            key: id.as_str().to_owned(),
            contact: None,
            lead: None,
            events: vec![NewEvent { id, kind: WebhookEvent::NewMessage, body: body_of(text) }],
            status: None,
            answered_form: None,
        };
        self.take_in(arrival).await;
        let newest = self.store.deliveries(account, None, None, 1).await.unwrap();
        newest.into_iter().next().unwrap().id
    }

    /// Has somebody write who was never heard of before.
    pub(crate) async fn meet(&self, sender: &str) {
        let event = |kind, body| NewEvent { id: EventId::generate(), kind, body };
        let arrival = Arrival {
            account: self.account.clone(),
            kind: "message",
            key: format!("from {sender}"),
            contact: Some(Contact {
                phone_number: "111".to_owned(),
                senders: vec![sender.to_owned()],
            }),
            lead: Some(event(WebhookEvent::NewLead, sender.to_owned())),
            events: vec![event(WebhookEvent::NewMessage, sender.to_owned())],
            status: None,
            answered_form: None,
        };
        self.take_in(arrival).await;
    }

    async fn take_in(&self, arrival: Arrival) {
        let post = InboundPost {
            received_at: self.clock.now(),
            raw: Vec::new(),
            keep: Keep::Routed,
            arrivals: vec![arrival],
        };
        self.store.take_in(&[post]).await.unwrap();
    }

    pub(crate) async fn look(&self, id: &DeliveryId) -> (Delivery, Vec<DeliveryAttempt>) {
        self.store.delivery(&self.account, id).await.unwrap().unwrap()
    }

    /// Waits until so many attempts of a delivery are on record.
    pub(crate) async fn attempted(
        &self,
        id: &DeliveryId,
        times: usize,
    ) -> (Delivery, Vec<DeliveryAttempt>) {
        eventually(&format!("{times} attempts"), || async { self.look(id).await.1.len() >= times })
            .await;
        self.look(id).await
    }

    pub(crate) async fn count(&self, account: &AccountId, state: DeliveryState) -> usize {
        self.store.deliveries(account, Some(state), None, 1000).await.unwrap().len()
    }

    pub(crate) async fn all_delivered(&self, number: usize) {
        eventually(&format!("{number} are delivered"), || async {
            self.count(&self.account, DeliveryState::Delivered).await == number
        })
        .await;
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The wait until the next attempt, in seconds.
    pub(crate) fn wait(&self, delivery: &Delivery) -> i64 {
        let next = delivery.next_attempt_at.expect("there is a next attempt");
        (next.as_millis() - self.clock.now().as_millis()) / 1000
    }
}

/// Text that a careless serialiser would change.
pub(crate) fn body_of(text: &str) -> String {
    format!(r#"{{"newMessage": {{"id":"{text}", "n":1.10,"body":"\u00e4 / ä 👋"}} }}"#)
}

impl Working {
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.running).await.unwrap();
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.running.abort();
    }
}
