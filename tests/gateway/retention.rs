//! What is kept, and for how long: the clock of the gateway stands still, and what lies there when
//! it starts is younger or older than what is kept.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{
    AccountId, Delivery, DeliveryAttempt, DeliveryState, EventId, MessageId, MessageRecord,
    NewEvent, Progress, SendOutcome, SendResult, StatusKind, StatusUpdate, Timestamp, WebhookEvent,
};
use avenping_gateway::store::{
    Arrival, AttemptEnd, Claimed, InboundPost, Keep, SendClaim, SendEnd, Store, StoredReply,
};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::harness::{BY, Gateway, NOW, NUMBER, Place, at, cases, eventually, graph_id, somebody};

cases![
    an_answer_under_a_key_is_kept_for_a_day_and_an_unknown_one_for_a_week,
    the_record_of_a_message_is_kept_for_as_long_as_was_set,
    a_raw_post_is_kept_for_a_week,
    what_was_taken_in_is_known_for_longer_than_meta_repeats_it,
    a_status_waits_for_its_message_for_longer_than_meta_repeats_it,
    a_delivered_body_is_kept_for_two_weeks_and_the_rest_for_thirty_days,
    what_is_old_goes_however_much_it_is,
];

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// So long before the gateway starts.
fn ago(millis: i64) -> Timestamp {
    at(NOW - millis)
}

/// A store with the account that the gateway will find.
async fn with_account(place: &Place) -> (Store, AccountId) {
    let store = place.store().await;
    let ada = somebody("ada");
    store.create_account(&ada, &BY).await.unwrap();
    (store, ada.account.id)
}

async fn count(place: &Place, question: &'static str) -> i64 {
    if place.is_postgres() {
        let mut connection = PgConnection::connect(&place.url).await.unwrap();
        return sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
    }
    let mut connection = SqliteConnection::connect(&place.url).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

/// Starts a gateway, and waits until so many are left.
async fn until_left(place: &Place, question: &'static str, left: i64) -> Gateway {
    assert!(count(place, question).await > left, "nothing is there to be forgotten");
    let gateway = Gateway::start(place).await;
    eventually("the old ones are gone", async || count(place, question).await <= left).await;
    assert_eq!(count(place, question).await, left);
    gateway
}

fn record(account: &AccountId, created_at: Timestamp) -> MessageRecord {
    MessageRecord {
        id: MessageId::generate(),
        account: account.clone(),
        phone_number: graph_id(NUMBER),
        to: "15551234567".to_owned(),
        kind: "text".to_owned(),
        reference: None,
        form: None,
        created_at,
        result: None,
        progress: None,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error: None,
    }
}

fn outcome(outcome: SendOutcome, wamid: Option<&str>) -> SendResult {
    SendResult { outcome, wamid: wamid.map(str::to_owned), wa_id: None }
}

fn claim_of(account: &AccountId, key: &str, now: Timestamp) -> Arc<SendClaim> {
    Arc::new(SendClaim {
        key: key.to_owned(),
        fingerprint: [1; 32],
        message: record(account, now),
        lease: Duration::from_secs(60),
    })
}

async fn ended(store: &Store, account: &AccountId, key: &str, end: SendEnd, when: Timestamp) {
    let claim = claim_of(account, key, when);
    assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);
    let ending = claim.ended(end, outcome(SendOutcome::Unknown, None), when);
    assert!(store.end_send(&ending).await.unwrap());
}

async fn an_answer_under_a_key_is_kept_for_a_day_and_an_unknown_one_for_a_week(place: Place) {
    let (store, account) = with_account(&place).await;
    let reply = || StoredReply { status: 200, body: b"{}".to_vec() };
    for (key, end, when) in [
        ("answered before", SendEnd::Final(reply()), ago(DAY + 1)),
        ("answered since", SendEnd::Final(reply()), ago(DAY)),
        ("unknown before", SendEnd::Unknown(reply()), ago(7 * DAY + 1)),
        ("unknown since", SendEnd::Unknown(reply()), ago(7 * DAY)),
    ] {
        ended(&store, &account, key, end, when).await;
    }
    let _gateway = until_left(&place, "SELECT count(*) FROM sends", 2).await;
    let known = async |key: &str| store.claim_send(&claim_of(&account, key, ago(0))).await.unwrap();
    assert!(matches!(known("answered since").await, Claimed::Finished { .. }));
    assert!(matches!(known("unknown since").await, Claimed::Unknown { .. }));
    // They are free again.
    assert_eq!(known("answered before").await, Claimed::Won);
    assert_eq!(known("unknown before").await, Claimed::Won);
}

async fn the_record_of_a_message_is_kept_for_as_long_as_was_set(place: Place) {
    let (store, account) = with_account(&place).await;
    let (old, young) = (record(&account, ago(90 * DAY + 1)), record(&account, ago(90 * DAY)));
    store.record_messages(&[old.clone(), young.clone()]).await.unwrap();
    let gateway = until_left(&place, "SELECT count(*) FROM messages", 1).await;
    let status = async |id: &MessageId| {
        gateway.get(&format!("/v2/messages/{}", id.as_str())).send().await.status
    };
    assert_eq!((status(&old.id).await, status(&young.id).await), (404, 200));
}

fn post(received_at: Timestamp, arrivals: Vec<Arrival>) -> InboundPost {
    InboundPost { received_at, raw: b"{}".to_vec(), keep: Keep::Unrouted, arrivals }
}

fn arrival(account: &AccountId, key: &str) -> Arrival {
    Arrival {
        account: account.clone(),
        kind: "message",
        key: key.to_owned(),
        contact: None,
        lead: None,
        events: Vec::new(),
        status: None,
        answered_form: None,
    }
}

async fn a_raw_post_is_kept_for_a_week(place: Place) {
    let (store, _) = with_account(&place).await;
    let posts = [post(ago(7 * DAY + 1), Vec::new()), post(ago(7 * DAY), Vec::new())];
    store.take_in(&posts).await.unwrap();
    until_left(&place, "SELECT count(*) FROM inbound_posts", 1).await;
}

async fn what_was_taken_in_is_known_for_longer_than_meta_repeats_it(place: Place) {
    let (store, account) = with_account(&place).await;
    let first = [
        post(ago(8 * DAY + 1), vec![arrival(&account, "older")]),
        post(ago(8 * DAY), vec![arrival(&account, "younger")]),
        post(ago(7 * DAY), vec![arrival(&account, "a week old")]),
    ];
    store.take_in(&first).await.unwrap();
    until_left(&place, "SELECT count(*) FROM inbound_seen", 2).await;
    let again = ["younger", "a week old"].map(|key| arrival(&account, key));
    let taken = store.take_in(&[post(ago(0), again.into())]).await.unwrap();
    assert_eq!((taken.arrivals.len(), taken.repeats), (0, 2));
}

async fn a_status_waits_for_its_message_for_longer_than_meta_repeats_it(place: Place) {
    let (store, account) = with_account(&place).await;
    let status = |wamid: &str, when: Timestamp| {
        let update = StatusUpdate {
            wamid: wamid.to_owned(),
            message: None,
            kind: StatusKind::Progress(Progress::Delivered),
            recipient: None,
            at: when,
        };
        Arrival { kind: "status", status: Some(update), ..arrival(&account, wamid) }
    };
    let statuses = vec![status("wamid.old", ago(8 * DAY + 1)), status("wamid.young", ago(8 * DAY))];
    store.take_in(&[post(ago(0), statuses)]).await.unwrap();
    until_left(&place, "SELECT count(*) FROM waiting_statuses", 1).await;

    for (wamid, progress) in [("wamid.old", None), ("wamid.young", Some(Progress::Delivered))] {
        let result = Some(outcome(SendOutcome::Accepted, Some(wamid)));
        let late = MessageRecord { result, ..record(&account, ago(0)) };
        store.record_messages(std::slice::from_ref(&late)).await.unwrap();
        assert_eq!(store.message(&account, wamid).await.unwrap().unwrap().progress, progress);
    }
}

/// An event that was told, or given up, then.
async fn told(store: &Store, account: &AccountId, end: AttemptEnd, when: Timestamp) {
    let event = NewEvent {
        id: EventId::generate(),
        kind: WebhookEvent::NewMessage,
        body: "the body".to_owned(),
    };
    let key = format!("{end:?} {when:?}");
    let told = Arrival { events: vec![event], ..arrival(account, &key) };
    store.take_in(&[post(when, vec![told])]).await.unwrap();
    let claimed = store.claim_deliveries(when, when.plus(Duration::from_secs(60)), 1, 1).await;
    let claimed = claimed.unwrap().remove(0);
    let attempt = DeliveryAttempt { at: when, status: Some(200), error: None, duration_ms: 1 };
    let ending = claimed.ended(Some(attempt), end, when);
    assert!(store.end_attempt(&ending).await.unwrap());
}

async fn a_delivered_body_is_kept_for_two_weeks_and_the_rest_for_thirty_days(place: Place) {
    let (store, account) = with_account(&place).await;
    for (end, when) in [
        (AttemptEnd::Delivered, ago(30 * DAY + 1)),
        (AttemptEnd::Dead, ago(30 * DAY + 1)),
        (AttemptEnd::Dead, ago(30 * DAY)),
        (AttemptEnd::Delivered, ago(30 * DAY)),
        (AttemptEnd::Delivered, ago(14 * DAY + 1)),
        (AttemptEnd::Delivered, ago(14 * DAY)),
    ] {
        told(&store, &account, end, when).await;
    }
    until_left(&place, "SELECT count(*) FROM deliveries", 4).await;
    for of_each in ["SELECT count(*) FROM events", "SELECT count(*) FROM delivery_attempts"] {
        assert_eq!(count(&place, of_each).await, 4);
    }
    let bodies = "SELECT count(*) FROM events WHERE body IS NOT NULL";
    assert_eq!(count(&place, bodies).await, 2);

    let left = store.deliveries(&account, None, None, 10).await.unwrap();
    let mut again = Vec::new();
    for Delivery { id, state, created_at, .. } in left {
        if store.redeliver(&account, &id, &BY, ago(0)).await.unwrap() {
            again.push((state, created_at));
        }
    }
    let kept = [(DeliveryState::Delivered, ago(14 * DAY)), (DeliveryState::Dead, ago(30 * DAY))];
    assert_eq!(again, kept);
}

async fn what_is_old_goes_however_much_it_is(place: Place) {
    let (store, account) = with_account(&place).await;
    // More than two batches, and as many that stay.
    for age in [91 * DAY, 89 * DAY] {
        let records: Vec<_> = (0..2_100).map(|_| record(&account, ago(age))).collect();
        store.record_messages(&records).await.unwrap();
    }
    let arrivals = (0..2_100).map(|n| arrival(&account, &n.to_string())).collect();
    store.take_in(&[post(ago(9 * DAY), arrivals)]).await.unwrap();
    let _gateway = until_left(&place, "SELECT count(*) FROM messages", 2_100).await;
    let seen = "SELECT count(*) FROM inbound_seen";
    eventually("all marks are gone", async || count(&place, seen).await == 0).await;
    assert_eq!(count(&place, "SELECT count(*) FROM messages").await, 2_100);
}
