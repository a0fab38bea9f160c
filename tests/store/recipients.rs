//! To how many people a form has gone.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::metrics::ArrivalKind;
use avenping_gateway::model::{AccountId, MessageRecord, Progress, StatusKind, StatusUpdate};
use avenping_gateway::store::{
    Arrival, Claimed, SendClaim, SendEnd, Store, StoreError, StoredReply,
};
use futures_util::future::join_all;

use crate::fixtures::{START, accepted, at, flow, join, record};
use crate::harness::{Place, cases};
use crate::posts::{message, post, take_in};

cases![
    one_person_is_counted_once_over_statuses_and_messages,
    two_people_are_two,
    a_message_that_only_failed_counts_for_nobody,
    a_message_without_a_form_counts_for_none,
    an_account_counts_its_own_messages_alone,
    a_form_that_is_seen_later_has_its_count_at_once,
    a_form_sent_by_its_name_is_the_same_form,
    a_form_that_comes_back_filled_in_counts_who_got_it,
    an_answer_to_anything_else_counts_for_nobody,
    a_send_under_a_key_counts_like_any_other,
    a_status_that_came_before_the_record_counts_with_it,
    the_count_is_one_commit_with_the_status,
    handles_that_count_the_same_people_at_once_count_them_once,
    whom_a_form_went_to_is_not_told_by_the_count,
];

const FORM: &str = "4711";
const NAME: &str = "Lead";

async fn with_form(store: &Store, name: &str) -> AccountId {
    let id = join(store, name).await;
    store.save_flows(&id, &[flow(FORM, NAME, "PUBLISHED")], at(START)).await.unwrap();
    id
}

/// A message with a form that Graph has taken.
fn sent(account: &AccountId, to: &str, wamid: &str) -> MessageRecord {
    MessageRecord {
        to: to.to_owned(),
        form: Some(FORM.to_owned()),
        result: Some(accepted(wamid)),
        ..record(account)
    }
}

fn told(wamid: &str, kind: StatusKind) -> StatusUpdate {
    let (wamid, at) = (wamid.to_owned(), at(START));
    StatusUpdate { wamid, message: None, kind, recipient: Some("4917012345678".to_owned()), at }
}

fn status(account: &AccountId, wamid: &str, kind: StatusKind) -> Arrival {
    let mut arrival = message(account, &format!("{wamid} {kind:?}"));
    (arrival.kind, arrival.status) = ("status", Some(told(wamid, kind)));
    arrival
}

fn is_sent(account: &AccountId, wamid: &str) -> Arrival {
    status(account, wamid, StatusKind::Progress(Progress::Sent))
}

/// The form of that message comes back filled in.
fn filled_in(account: &AccountId, key: &str, wamid: &str) -> Arrival {
    Arrival { answered_form: Some(wamid.to_owned()), ..message(account, key) }
}

async fn count(store: &Store, account: &AccountId) -> i64 {
    let mut found = store.search_flows(account, None, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    let count = found.remove(0).recipients;
    let searched = store.search_flows(account, Some(NAME), 10).await.unwrap();
    assert_eq!(searched[0].recipients, count, "a search counts like the list");
    count
}

async fn one_person_is_counted_once_over_statuses_and_messages(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let records = [sent(&id, "1555", "wamid.1"), sent(&id, "1555", "wamid.2")];
    store.record_messages(&records).await.unwrap();
    assert_eq!(count(&store, &id).await, 0, "nothing is known to have gone out");
    for progress in [Progress::Delivered, Progress::Sent, Progress::Read] {
        for wamid in ["wamid.1", "wamid.2"] {
            let kind = StatusKind::Progress(progress);
            take_in(&store, vec![status(&id, wamid, kind.clone())]).await;
            assert_eq!(count(&store, &id).await, 1);
            store.apply_statuses(&[(id.clone(), told(wamid, kind))]).await.unwrap();
            assert_eq!(count(&store, &id).await, 1);
        }
    }
}

async fn two_people_are_two(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    // More than fit one statement.
    let records: Vec<_> =
        (0..150).map(|n| sent(&id, &format!("1555{n}"), &format!("wamid.{n}"))).collect();
    store.record_messages(&records).await.unwrap();
    take_in(&store, vec![is_sent(&id, "wamid.0")]).await;
    assert_eq!(count(&store, &id).await, 1);
    take_in(&store, vec![is_sent(&id, "wamid.1")]).await;
    assert_eq!(count(&store, &id).await, 2);
    take_in(&store, (0..150).map(|n| is_sent(&id, &format!("wamid.{n}"))).collect()).await;
    assert_eq!(count(&store, &id).await, 150);
}

async fn a_message_that_only_failed_counts_for_nobody(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    store.record_messages(&[sent(&id, "1555", "wamid.1")]).await.unwrap();
    take_in(&store, vec![status(&id, "wamid.1", StatusKind::Failed(None))]).await;
    assert_eq!(count(&store, &id).await, 0);
    // Another of their devices has got it.
    let delivered = StatusKind::Progress(Progress::Delivered);
    take_in(&store, vec![status(&id, "wamid.1", delivered)]).await;
    assert_eq!(count(&store, &id).await, 1);
}

async fn a_message_without_a_form_counts_for_none(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let other = MessageRecord { form: Some("4712".to_owned()), ..sent(&id, "1556", "wamid.2") };
    let records = [MessageRecord { form: None, ..sent(&id, "1555", "wamid.1") }, other];
    store.record_messages(&records).await.unwrap();
    take_in(&store, vec![is_sent(&id, "wamid.1"), is_sent(&id, "wamid.2")]).await;
    assert_eq!(count(&store, &id).await, 0);
    let found = store.message(&id, "wamid.2").await.unwrap().unwrap();
    assert_eq!((found.form.as_deref(), found.progress), (Some("4712"), Some(Progress::Sent)));
}

async fn an_account_counts_its_own_messages_alone(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (with_form(&store, "ada").await, with_form(&store, "bob").await);
    store.record_messages(&[sent(&ada, "1555", "wamid.1")]).await.unwrap();
    // Two accounts may have the same number; then both are told.
    let both = vec![
        is_sent(&bob, "wamid.1"),
        filled_in(&bob, "an answer", "wamid.1"),
        is_sent(&ada, "wamid.1"),
    ];
    take_in(&store, both).await;
    assert_eq!((count(&store, &ada).await, count(&store, &bob).await), (1, 0));
}

async fn a_form_that_is_seen_later_has_its_count_at_once(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.record_messages(&[sent(&id, "1555", "wamid.1")]).await.unwrap();
    take_in(&store, vec![is_sent(&id, "wamid.1")]).await;
    for now in [1_000, 2_000] {
        store.save_flows(&id, &[flow(FORM, NAME, "DRAFT")], at(now)).await.unwrap();
        assert_eq!(count(&store, &id).await, 1);
    }
}

async fn a_form_sent_by_its_name_is_the_same_form(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let by_name = |to, wamid| {
        let form = Some(NAME.to_owned());
        MessageRecord { form, ..sent(&id, to, wamid) }
    };
    let records =
        [sent(&id, "1555", "wamid.1"), by_name("1555", "wamid.2"), by_name("1556", "wamid.3")];
    store.record_messages(&records).await.unwrap();
    for (wamid, counted) in [("wamid.2", 1), ("wamid.1", 1), ("wamid.3", 2)] {
        take_in(&store, vec![is_sent(&id, wamid)]).await;
        assert_eq!(count(&store, &id).await, counted);
    }
}

async fn a_form_that_comes_back_filled_in_counts_who_got_it(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let records = [sent(&id, "1555", "wamid.1"), sent(&id, "1556", "wamid.2")];
    store.record_messages(&records).await.unwrap();
    take_in(&store, vec![filled_in(&id, "one", "wamid.1")]).await;
    assert_eq!(count(&store, &id).await, 1);
    take_in(&store, vec![filled_in(&id, "two", "wamid.1"), is_sent(&id, "wamid.1")]).await;
    assert_eq!(count(&store, &id).await, 1);
    take_in(&store, vec![filled_in(&id, "three", "wamid.2")]).await;
    assert_eq!(count(&store, &id).await, 2);
}

async fn an_answer_to_anything_else_counts_for_nobody(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let plain = MessageRecord { form: None, ..sent(&id, "1555", "wamid.1") };
    store.record_messages(&[plain]).await.unwrap();
    let long = "wamid.".repeat(1_000);
    for wamid in ["wamid.1", "wamid.unheard-of", "", "\0", "wamid\0.1", &long] {
        let taken = take_in(&store, vec![filled_in(&id, wamid, wamid)]).await;
        assert_eq!(taken.arrivals, [ArrivalKind::Message]);
    }
    assert_eq!(count(&store, &id).await, 0);
}

async fn a_send_under_a_key_counts_like_any_other(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    let message = MessageRecord { result: None, ..sent(&id, "1555", "") };
    let lease = Duration::from_secs(60);
    let key = "order-1".to_owned();
    let claim = Arc::new(SendClaim { key, fingerprint: [1; 32], message, lease });
    assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);

    // Meta is faster than the answer.
    take_in(&store, vec![is_sent(&id, "wamid.1")]).await;
    assert_eq!(count(&store, &id).await, 0);
    let end = SendEnd::Final(StoredReply { status: 200, body: b"{}".to_vec() });
    let (result, now) = (accepted("wamid.1"), at(START));
    assert!(store.end_send(&claim.ended(end, result, now)).await.unwrap());
    assert_eq!(count(&store, &id).await, 1);
}

async fn a_status_that_came_before_the_record_counts_with_it(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    take_in(&store, vec![is_sent(&id, "wamid.1")]).await;
    assert_eq!(count(&store, &id).await, 0);
    store.record_messages(&[sent(&id, "1555", "wamid.1")]).await.unwrap();
    assert_eq!(count(&store, &id).await, 1);
}

async fn the_count_is_one_commit_with_the_status(place: Place) {
    let store = place.store().await;
    let id = with_form(&store, "ada").await;
    store.record_messages(&[sent(&id, "1555", "wamid.1")]).await.unwrap();
    let posts = [post(vec![is_sent(&id, "wamid.1")])];
    let progress = async || store.message(&id, "wamid.1").await.unwrap().unwrap().progress;

    place.execute("ALTER TABLE form_recipients RENAME TO elsewhere").await;
    let refused = store.take_in(&posts).await;
    assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    place.execute("ALTER TABLE elsewhere RENAME TO form_recipients").await;
    assert_eq!((progress().await, count(&store, &id).await), (None, 0));

    store.take_in(&posts).await.unwrap();
    assert_eq!((progress().await, count(&store, &id).await), (Some(Progress::Sent), 1));
}

async fn handles_that_count_the_same_people_at_once_count_them_once(place: Place) {
    let stores = [place.store().await, place.store().await, place.store().await];
    let id = with_form(&stores[0], "ada").await;
    // To each of 50 people, by each handle.
    let wamid = |handle: usize, n: i32| format!("wamid.{handle}.{n}");
    for handle in 0..stores.len() {
        let records: Vec<_> =
            (0..50).map(|n| sent(&id, &format!("1555{n}"), &wamid(handle, n))).collect();
        stores[0].record_messages(&records).await.unwrap();
    }
    let tell = stores.iter().enumerate().map(|(handle, store)| {
        let mut arrivals: Vec<_> = (0..50).map(|n| is_sent(&id, &wamid(handle, n))).collect();
        arrivals.rotate_left(handle * 17);
        let posts = [post(arrivals)];
        async move { store.take_in(&posts).await.unwrap() }
    });
    join_all(tell).await;
    assert_eq!(count(&stores[0], &id).await, 50);
}

async fn whom_a_form_went_to_is_not_told_by_the_count(place: Place) {
    let store = place.store().await;
    for name in ["ada", "bob"] {
        let id = with_form(&store, name).await;
        let wamid = format!("wamid.{name}");
        store.record_messages(&[sent(&id, "1555", &wamid)]).await.unwrap();
        take_in(&store, vec![is_sent(&id, &wamid)]).await;
    }
    // The same person is somebody else in another account.
    let marks = place.count("SELECT count(DISTINCT mark) FROM form_recipients").await;
    assert_eq!(marks, 2);
    let digests = place.count("SELECT count(*) FROM form_recipients WHERE length(mark) = 16").await;
    assert_eq!(digests, 2);
}
