//! Sends that must happen once.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{
    AccountId, MessageRecord, Progress, SendOutcome, SendResult, StatusKind, StatusUpdate,
};
use avenping_gateway::store::{
    Claimed, Ending, SendClaim, SendEnd, Store, StoreError, StoredReply,
};
use futures_util::future::join_all;

use crate::fixtures::{START, accepted, at, join, record};
use crate::harness::{Place, cases};
use crate::posts::ALL;

cases![
    of_claims_at_once_on_many_handles_one_wins,
    a_claim_tells_what_became_of_the_first,
    a_key_is_the_accounts_own_and_stands_for_one_request,
    a_lease_that_has_run_out_is_unknown_and_never_claimed_anew,
    what_was_not_sent_is_free_again,
    an_answer_beats_not_knowing_and_nothing_beats_an_answer,
    an_unknown_send_is_resolved_by_a_status,
    what_a_status_has_reached_stays_accepted,
    a_failure_of_the_send_is_void_once_a_status_proves_it_sent,
    leases_that_have_run_out_end_in_small_batches,
    keys_are_forgotten_by_age_in_small_batches,
    nobody_has_no_sends,
];

const KEY: &str = "order-1";
const PATIENCE: Duration = Duration::from_secs(60);

fn claim_of(message: &MessageRecord, key: &str) -> Arc<SendClaim> {
    let (key, message) = (key.to_owned(), message.clone());
    Arc::new(SendClaim { key, fingerprint: [1; 32], message, lease: PATIENCE })
}

fn reply(body: &str) -> StoredReply {
    StoredReply { status: 200, body: body.as_bytes().to_vec() }
}

fn unknown() -> SendResult {
    SendResult { outcome: SendOutcome::Unknown, wamid: None, wa_id: None }
}

/// Claims the key for a new message, and wins.
async fn won(store: &Store, account: &AccountId, key: &str) -> MessageRecord {
    let message = record(account);
    assert_eq!(store.claim_send(&claim_of(&message, key)).await.unwrap(), Claimed::Won);
    message
}

/// The same with a lease that is over at once.
async fn lost(store: &Store, account: &AccountId, key: &str) -> MessageRecord {
    let message = record(account);
    let claim = Arc::new(SendClaim {
        lease: Duration::ZERO,
        ..Arc::unwrap_or_clone(claim_of(&message, key))
    });
    assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);
    message
}

/// What another request with the key is told.
async fn again(store: &Store, account: &AccountId, key: &str) -> Claimed {
    store.claim_send(&claim_of(&record(account), key)).await.unwrap()
}

async fn ended(
    store: &Store,
    message: &MessageRecord,
    key: &str,
    end: SendEnd,
    result: SendResult,
    now: i64,
) -> bool {
    let ending = claim_of(message, key).ended(end, result, at(now));
    store.end_send(&ending).await.unwrap()
}

async fn read(store: &Store, message: &MessageRecord) -> MessageRecord {
    store.message(&message.account, message.id.as_str()).await.unwrap().unwrap()
}

async fn of_claims_at_once_on_many_handles_one_wins(place: Place) {
    let stores = [place.store().await, place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    for round in 0..5 {
        let key = format!("order-{round}");
        let claims = (0..12).map(|n| again(&stores[n % 3], &id, &key));
        let claimed = join_all(claims).await;
        let won = claimed.iter().filter(|claimed| **claimed == Claimed::Won).count();
        let running = claimed.iter().filter(|claimed| **claimed == Claimed::InProgress).count();
        assert_eq!((won, running), (1, 11), "{claimed:?}");
    }
    assert_eq!(place.count("SELECT count(*) FROM messages").await, 5);
}

async fn a_claim_tells_what_became_of_the_first(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let message = won(&store, &id, KEY).await;
    assert_eq!(read(&store, &message).await, message);
    assert_eq!(again(&store, &id, KEY).await, Claimed::InProgress);

    let end = SendEnd::Final(reply("{\"\0\": 1}"));
    assert!(ended(&store, &message, KEY, end, accepted("wamid.1"), START).await);
    let expected = Claimed::Finished { message: message.id.clone(), reply: reply("{\"\0\": 1}") };
    assert_eq!(again(&store, &id, KEY).await, expected);
    assert_eq!(read(&store, &message).await.result, Some(accepted("wamid.1")));

    let message = won(&store, &id, "order-2").await;
    let end = SendEnd::Unknown(reply("maybe"));
    assert!(ended(&store, &message, "order-2", end, unknown(), START).await);
    let expected = Claimed::Unknown { message: message.id.clone(), reply: Some(reply("maybe")) };
    assert_eq!(again(&store, &id, "order-2").await, expected);
    // The message of whoever did not win is not recorded.
    assert_eq!(place.count("SELECT count(*) FROM messages").await, 2);
}

async fn a_key_is_the_accounts_own_and_stands_for_one_request(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let first = won(&store, &ada, KEY).await;
    won(&store, &bob, KEY).await;
    let other = Arc::new(SendClaim {
        fingerprint: [2; 32],
        ..Arc::unwrap_or_clone(claim_of(&record(&ada), KEY))
    });
    assert_eq!(store.claim_send(&other).await.unwrap(), Claimed::Reused);
    ended(&store, &first, KEY, SendEnd::Unknown(reply("")), unknown(), START).await;
    assert_eq!(store.claim_send(&other).await.unwrap(), Claimed::Reused);
    ended(&store, &first, KEY, SendEnd::Final(reply("")), accepted("wamid.1"), START).await;
    assert_eq!(store.claim_send(&other).await.unwrap(), Claimed::Reused);
    lost(&store, &ada, "order-2").await;
    let other = Arc::new(SendClaim { key: "order-2".to_owned(), ..Arc::unwrap_or_clone(other) });
    assert_eq!(store.claim_send(&other).await.unwrap(), Claimed::Reused);
}

async fn a_lease_that_has_run_out_is_unknown_and_never_claimed_anew(place: Place) {
    let stores = [place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    let message = lost(&stores[0], &id, KEY).await;
    let claims = (0..10).map(|n| again(&stores[n % 2], &id, KEY));
    for claimed in join_all(claims).await {
        let expected = Claimed::Unknown { message: message.id.clone(), reply: None };
        assert_eq!(claimed, expected);
    }
    assert_eq!(read(&stores[0], &message).await.result, Some(unknown()));
}

async fn what_was_not_sent_is_free_again(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let first = won(&store, &id, KEY).await;
    let not_sent = SendResult { outcome: SendOutcome::NotSent, ..unknown() };
    assert!(ended(&store, &first, KEY, SendEnd::Released, not_sent.clone(), START).await);
    assert_eq!(read(&store, &first).await.result, Some(not_sent.clone()));

    // The first has nothing to say any more when another holds the key.
    let second = won(&store, &id, KEY).await;
    for end in [SendEnd::Released, SendEnd::Final(reply("")), SendEnd::Unknown(reply(""))] {
        assert!(!ended(&store, &first, KEY, end, not_sent.clone(), START).await);
    }
    assert_eq!(again(&store, &id, KEY).await, Claimed::InProgress);
    assert_eq!(read(&store, &second).await.result, None);
}

async fn an_answer_beats_not_knowing_and_nothing_beats_an_answer(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let message = lost(&store, &id, KEY).await;
    assert!(matches!(again(&store, &id, KEY).await, Claimed::Unknown { .. }));

    // Somebody was told that it is unknown: it is not free, whatever is known now.
    let not_sent = SendResult { outcome: SendOutcome::NotSent, ..unknown() };
    assert!(!ended(&store, &message, KEY, SendEnd::Released, not_sent, START).await);
    assert!(matches!(again(&store, &id, KEY).await, Claimed::Unknown { .. }));
    // The first answer that was given for it stays.
    for body in ["first", "second"] {
        let end = SendEnd::Unknown(reply(body));
        assert!(ended(&store, &message, KEY, end, unknown(), START).await);
        let told = Claimed::Unknown { message: message.id.clone(), reply: Some(reply("first")) };
        assert_eq!(again(&store, &id, KEY).await, told);
    }
    let end = SendEnd::Final(reply("late"));
    assert!(ended(&store, &message, KEY, end, accepted("wamid.1"), START).await);
    for end in [SendEnd::Final(reply("x")), SendEnd::Unknown(reply("x")), SendEnd::Released] {
        assert!(!ended(&store, &message, KEY, end, unknown(), START).await);
    }
    let told = Claimed::Finished { message: message.id.clone(), reply: reply("late") };
    assert_eq!(again(&store, &id, KEY).await, told);
    assert_eq!(read(&store, &message).await.result, Some(accepted("wamid.1")));
}

fn told(message: &MessageRecord, wamid: &str) -> (AccountId, StatusUpdate) {
    let update = StatusUpdate {
        wamid: wamid.to_owned(),
        message: Some(message.id.clone()),
        kind: StatusKind::Progress(Progress::Sent),
        recipient: Some("49170".to_owned()),
        at: at(START),
    };
    (message.account.clone(), update)
}

async fn an_unknown_send_is_resolved_by_a_status(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let (one, two) = (lost(&store, &id, KEY).await, won(&store, &id, "order-2").await);
    ended(&store, &two, "order-2", SendEnd::Unknown(reply("")), unknown(), START).await;
    store.apply_statuses(&[told(&one, "wamid.1"), told(&two, "wamid.2")]).await.unwrap();
    for (message, key, wamid) in [(one, KEY, "wamid.1"), (two, "order-2", "wamid.2")] {
        let Claimed::Resolved(record) = again(&store, &id, key).await else { panic!("{key}") };
        assert_eq!(record.id, message.id);
        let result = SendResult { wa_id: Some("49170".to_owned()), ..accepted(wamid) };
        assert_eq!(record.result, Some(result));
    }
}

async fn what_a_status_has_reached_stays_accepted(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let message = won(&store, &id, KEY).await;
    store.apply_statuses(&[told(&message, "wamid.1")]).await.unwrap();
    let end = SendEnd::Unknown(reply(""));
    assert!(ended(&store, &message, KEY, end, unknown(), START).await);
    let now = read(&store, &message).await;
    assert_eq!(now.result.unwrap().outcome, SendOutcome::Accepted);
    assert!(matches!(again(&store, &id, KEY).await, Claimed::Resolved(_)));
}

async fn a_failure_of_the_send_is_void_once_a_status_proves_it_sent(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let (before, behind) = (won(&store, &id, KEY).await, won(&store, &id, "order-2").await);
    let fails = async |message: &MessageRecord, key: &str| {
        let error = Some(r#"{"code":131000}"#.to_owned());
        let end = SendEnd::Unknown(reply(""));
        let ending = claim_of(message, key).ended(end, unknown(), at(START));
        store.end_send(&Arc::new(Ending { error, ..Arc::unwrap_or_clone(ending) })).await.unwrap();
    };
    fails(&behind, "order-2").await;
    assert!(read(&store, &behind).await.error.is_some());
    store.apply_statuses(&[told(&before, "wamid.1"), told(&behind, "wamid.2")]).await.unwrap();
    fails(&before, KEY).await;
    for message in [before, behind] {
        assert_eq!(read(&store, &message).await.error, None);
    }
}

async fn leases_that_have_run_out_end_in_small_batches(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    won(&store, &id, "running").await;
    let mut messages = Vec::new();
    for key in ["one", "two", "three"] {
        messages.push(lost(&store, &id, key).await);
    }
    store.apply_statuses(&[told(&messages[0], "wamid.1")]).await.unwrap();
    for expired in [2, 1, 0] {
        assert_eq!(store.expire_sends(at(START), 2).await.unwrap(), expired);
    }
    let outcomes = [SendOutcome::Accepted, SendOutcome::Unknown, SendOutcome::Unknown];
    for (message, outcome) in messages.iter().zip(outcomes) {
        assert_eq!(read(&store, message).await.result.unwrap().outcome, outcome);
    }
    assert_eq!(again(&store, &id, "running").await, Claimed::InProgress);
    assert!(matches!(again(&store, &id, "two").await, Claimed::Unknown { reply: None, .. }));
}

async fn keys_are_forgotten_by_age_in_small_batches(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    won(&store, &id, "running").await;
    for now in [1_000, 2_000, 3_000] {
        let message = won(&store, &id, &format!("final {now}")).await;
        let (key, end) = (format!("final {now}"), SendEnd::Final(reply("")));
        ended(&store, &message, &key, end, accepted(&key), now).await;
        let message = won(&store, &id, &format!("unknown {now}")).await;
        let (key, end) = (format!("unknown {now}"), SendEnd::Unknown(reply("")));
        ended(&store, &message, &key, end, unknown(), now).await;
    }
    let forget = async |ended: i64, unknown: i64, limit: i64| {
        store.forget_sends(at(ended), at(unknown), limit).await.unwrap()
    };
    assert_eq!(forget(1_000, 1_000, ALL).await, 0);
    assert_eq!(forget(3_000, 2_000, 0).await, 0);
    assert_eq!(forget(3_000, 2_000, 2).await, 2);
    assert_eq!(forget(3_000, 2_000, 2).await, 1);
    assert_eq!(forget(3_000, 2_000, 2).await, 0);
    let mut left = Vec::new();
    for kind in ["final", "unknown"] {
        for now in [1_000, 2_000, 3_000] {
            let key = format!("{kind} {now}");
            left.extend((again(&store, &id, &key).await != Claimed::Won).then_some(key));
        }
    }
    assert_eq!(left, ["final 3000", "unknown 2000", "unknown 3000"]);
    assert_eq!(again(&store, &id, "running").await, Claimed::InProgress);
}

async fn nobody_has_no_sends(place: Place) {
    let store = place.store().await;
    let nobody = AccountId::generate();
    let message = record(&nobody);
    let refused = store.claim_send(&claim_of(&message, KEY)).await;
    assert!(matches!(refused, Err(StoreError::NoAccount)), "{refused:?}");
    assert!(!ended(&store, &message, KEY, SendEnd::Released, unknown(), START).await);
    let id = join(&store, "ada").await;
    let refused = store.claim_send(&claim_of(&record(&id), "\0")).await;
    assert!(matches!(refused, Err(StoreError::Nul(_))), "{refused:?}");
}
