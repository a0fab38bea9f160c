//! Posts of Meta's to try the store with, and deliveries that follow from them.

use avenping_gateway::model::{
    AccountId, Delivery, DeliveryAttempt, DeliveryState, EventId, NewEvent, WebhookChange,
    WebhookEvent,
};
use avenping_gateway::store::{
    Arrival, AttemptEnd, ClaimedDelivery, Contact, InboundPost, Keep, Store, TakenIn,
};

use crate::fixtures::{BY, START, at, join};

pub(crate) const LEASE: i64 = 60_000;

/// Everything in one go.
pub(crate) const ALL: i64 = 1_000;

pub(crate) fn event(kind: WebhookEvent, body: &str) -> NewEvent {
    NewEvent { id: EventId::generate(), kind, body: body.to_owned() }
}

/// A message that is told with its key as the body.
pub(crate) fn message(account: &AccountId, key: &str) -> Arrival {
    Arrival {
        account: account.clone(),
        kind: "message",
        key: key.to_owned(),
        contact: None,
        lead: None,
        events: vec![event(WebhookEvent::NewMessage, key)],
        status: None,
        answered_form: None,
    }
}

/// The same, from somebody who is told as a lead if they are new.
pub(crate) fn message_from(account: &AccountId, key: &str, sender: &str) -> Arrival {
    Arrival {
        contact: Some(Contact { phone_number: "111".to_owned(), senders: vec![sender.to_owned()] }),
        lead: Some(event(WebhookEvent::NewLead, &format!("{sender} is new"))),
        ..message(account, key)
    }
}

pub(crate) fn post(arrivals: Vec<Arrival>) -> InboundPost {
    post_at(START, arrivals)
}

pub(crate) fn post_at(received_at: i64, arrivals: Vec<Arrival>) -> InboundPost {
    let raw = b"the raw bytes \0 \xff of a post".to_vec();
    InboundPost { received_at: at(received_at), raw, keep: Keep::Routed, arrivals }
}

pub(crate) async fn take_in(store: &Store, arrivals: Vec<Arrival>) -> TakenIn {
    store.take_in(&[post(arrivals)]).await.unwrap()
}

/// An account with a URL, and one pending delivery for each body.
pub(crate) async fn with_deliveries(store: &Store, name: &str, bodies: &[&str]) -> AccountId {
    let id = join(store, name).await;
    point(store, &id, "https://a.example", "code").await;
    take_in(store, bodies.iter().map(|body| message(&id, body)).collect()).await;
    id
}

pub(crate) async fn point(store: &Store, id: &AccountId, url: &str, code: &str) {
    let change = WebhookChange {
        url: Some(Some(url.to_owned())),
        code: Some(Some(code.into())),
        events: None,
    };
    store.change_webhook_config(id, &change, &"unused".into(), &BY, at(START)).await.unwrap();
}

pub(crate) async fn claim(store: &Store, now: i64, limit: i64) -> Vec<ClaimedDelivery> {
    store.claim_deliveries(at(now), at(now + LEASE), limit, ALL).await.unwrap()
}

/// The only one that is due.
pub(crate) async fn claim_one(store: &Store, now: i64) -> ClaimedDelivery {
    let mut claimed = claim(store, now, ALL).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

/// Delivers everything that is due, and answers it in its order.
pub(crate) async fn deliver_all(store: &Store, now: i64) -> Vec<ClaimedDelivery> {
    let mut all = Vec::new();
    loop {
        let claimed = claim(store, now, ALL).await;
        if claimed.is_empty() {
            all.sort_by_key(|delivery: &ClaimedDelivery| delivery.sequence);
            return all;
        }
        for delivery in claimed {
            assert!(end(store, &delivery, AttemptEnd::Delivered, now).await);
            all.push(delivery);
        }
    }
}

pub(crate) fn bodies(claimed: &[ClaimedDelivery]) -> Vec<&str> {
    claimed.iter().map(|delivery| delivery.body.as_str()).collect()
}

pub(crate) fn attempt(now: i64, status: u16) -> DeliveryAttempt {
    let error = (status != 200).then(|| format!("answered {status}"));
    DeliveryAttempt { at: at(now), status: Some(status), error, duration_ms: 12 }
}

/// Ends it and says whether that was written.
pub(crate) async fn end(
    store: &Store,
    claimed: &ClaimedDelivery,
    end: AttemptEnd,
    now: i64,
) -> bool {
    let status = if end == AttemptEnd::Delivered { 200 } else { 500 };
    let attempt = (end != AttemptEnd::GiveBack).then(|| attempt(now, status));
    store.end_attempt(&claimed.ended(attempt, end, at(now))).await.unwrap()
}

pub(crate) async fn list(
    store: &Store,
    id: &AccountId,
    state: Option<DeliveryState>,
) -> Vec<Delivery> {
    store.deliveries(id, state, None, ALL).await.unwrap()
}

/// The only one of the account.
pub(crate) async fn only(store: &Store, id: &AccountId) -> Delivery {
    let mut all = list(store, id, None).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}
