//! Sends that are claimed and ended at the same time share a commit, and nothing else.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{
    AccountId, MessageRecord, Progress, SendOutcome, SendResult, StatusKind, StatusUpdate,
};
use avenping_gateway::store::{Claimed, SendClaim, SendEnd, Store, StoreError, StoredReply};
use futures_util::future::join_all;

use crate::fixtures::{START, accepted, at, join, record};
use crate::harness::{Place, Raw, cases};

cases![
    of_many_keys_at_once_on_two_handles_each_has_one_winner,
    one_that_is_refused_keeps_nobody_out,
    one_that_has_to_wait_keeps_nobody_out,
    a_group_that_is_cut_off_is_told_so_and_leaves_nothing,
    of_two_ends_at_once_the_first_counts,
    claims_and_ends_at_once_are_told_their_own,
    the_first_reply_of_a_send_that_has_lapsed_is_kept,
    of_a_group_of_ends_each_is_told_its_own,
    a_late_answer_in_the_same_group_finds_the_status_that_waits_for_it,
    ends_and_statuses_on_several_handles_at_once_are_all_applied,
    a_status_that_begins_to_wait_while_an_end_waits_for_it_is_applied,
];

/// As a status without a message takes it, before it waits for one.
const NO_MESSAGE: &str = "BEGIN; SELECT pg_advisory_xact_lock(4, hashtext(id)) FROM accounts";

const WAITS: &str = "
    INSERT INTO waiting_statuses (account_id, wamid, kind, at)
    SELECT id, 'order-1', 2, 5000 FROM accounts; COMMIT";

const WAITERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'advisory'";

const LOCK: &str = "BEGIN; LOCK TABLE sends IN ACCESS EXCLUSIVE MODE";

/// Ends whatever waits for a lock.
const CUT: &str = "
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

fn claim(account: &AccountId, key: &str) -> Arc<SendClaim> {
    claim_of(&record(account), key)
}

fn claim_of(message: &MessageRecord, key: &str) -> Arc<SendClaim> {
    let (key, message) = (key.to_owned(), message.clone());
    Arc::new(SendClaim { key, fingerprint: [1; 32], message, lease: Duration::from_secs(60) })
}

fn reply(body: &str) -> StoredReply {
    StoredReply { status: 200, body: body.as_bytes().to_vec() }
}

/// Claims each of the keys.
async fn won(store: &Store, account: &AccountId, keys: &[String]) -> Vec<MessageRecord> {
    let mut messages = Vec::new();
    for key in keys {
        let claim = claim(account, key);
        assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);
        messages.push(claim.message.clone());
    }
    messages
}

async fn end(
    store: &Store,
    message: &MessageRecord,
    key: &str,
    body: &str,
) -> Result<bool, StoreError> {
    let (end, result) = (SendEnd::Final(reply(body)), accepted(key));
    store.end_send(&claim_of(message, key).ended(end, result, at(START))).await
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("order-{n}")).collect()
}

/// Whatever the work does with the sends, the server hangs up on it.
async fn cut_off<T>(place: &Place, work: impl Future<Output = T>) -> T {
    let (mut stranger, mut cutter) = (place.stranger(LOCK).await, place.raw().await);
    let cutting = async {
        loop {
            cutter.number(CUT).await;
        }
    };
    let done = tokio::select! { done = work => done, () = cutting => unreachable!() };
    stranger.execute("ROLLBACK").await;
    done
}

async fn of_many_keys_at_once_on_two_handles_each_has_one_winner(place: Place) {
    let stores = [place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    let keys = keys(10);
    // One handle asks for them in one order and the other in the other, and each three times.
    let mut claims = Vec::new();
    for round in 0..6 {
        for n in 0..keys.len() {
            let key = &keys[if round % 2 == 0 { n } else { keys.len() - 1 - n }];
            claims.push((&stores[round % 2], key, claim(&id, key)));
        }
    }
    let claimed = claims.iter().map(|(store, _, claim)| store.claim_send(claim));
    let claimed = place.gathered(LOCK, join_all(claimed)).await;
    for key in &keys {
        let told = claims.iter().zip(&claimed).filter(|((_, of, _), _)| *of == key);
        let told: Vec<_> = told.map(|(_, told)| told.as_ref().unwrap()).collect();
        let won = told.iter().filter(|told| ***told == Claimed::Won).count();
        let running = told.iter().filter(|told| ***told == Claimed::InProgress).count();
        assert_eq!((won, running), (1, 5), "{key}: {told:?}");
    }
    // Only the messages of those who won are recorded.
    let winners = claims.iter().zip(&claimed).filter(|(_, told)| matches!(told, Ok(Claimed::Won)));
    for ((store, _, claim), _) in winners {
        let message = store.message(&id, claim.message.id.as_str()).await.unwrap();
        assert_eq!(message.as_ref(), Some(&claim.message));
    }
    assert_eq!(place.count("SELECT count(*) FROM messages").await, 10);
}

async fn one_that_is_refused_keeps_nobody_out(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let (refuse, ruin) = match place.raw().await {
        Raw::Sqlite(_) => (
            "CREATE TRIGGER refuse BEFORE INSERT ON sends WHEN NEW.key = 'bad'
             BEGIN SELECT RAISE(ABORT, 'refused'); END",
            "UPDATE accounts SET data_key = x'00' WHERE email = 'bob@example.com'",
        ),
        Raw::Postgres(_) => (
            "ALTER TABLE sends ADD CHECK (key <> 'bad')",
            "UPDATE accounts SET data_key = '\\x00' WHERE email = 'bob@example.com'",
        ),
    };
    place.execute(refuse).await;
    let mut keys = keys(8);
    keys.insert(5, "bad".to_owned());
    let claims: Vec<_> = keys.iter().map(|key| claim(&ada, key)).collect();
    let claimed = join_all(claims.iter().map(|claim| store.claim_send(claim)));
    for (key, claimed) in keys.iter().zip(place.gathered(LOCK, claimed).await) {
        match claimed {
            Ok(claimed) => assert_eq!((claimed, key == "bad"), (Claimed::Won, false)),
            Err(error) => assert!(matches!(error, StoreError::Query(_)) && key == "bad", "{error}"),
        }
    }

    // The key that sealed an answer of Bob's, and would seal another, is gone.
    let of_bob = won(&store, &bob, &["order-0".to_owned(), "order-1".to_owned()]).await;
    assert!(end(&store, &of_bob[1], "order-1", "{}").await.unwrap());
    place.execute(ruin).await;
    let ends = claims.iter().filter(|claim| claim.key != "bad");
    let mut ends: Vec<_> = ends.map(|claim| (&claim.message, claim.key.as_str())).collect();
    ends.insert(5, (&of_bob[0], "order-0"));
    let ended = join_all(ends.iter().map(|(message, key)| end(&store, message, key, "{}")));
    for ((message, key), ended) in ends.iter().zip(place.gathered(LOCK, ended).await) {
        match ended {
            Ok(ended) => assert!(ended && message.account == ada, "{key}"),
            Err(error) => assert!(matches!(error, StoreError::Damaged) && message.account == bob),
        }
    }
}

async fn one_that_has_to_wait_keeps_nobody_out(place: Place) {
    // SQLite has one writer: all wait, or none.
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let mut claims: Vec<_> = keys(8).iter().map(|key| claim(&ada, key)).collect();
    claims.insert(5, claim(&bob, "order-0"));
    let mut other = place.raw().await;
    other
        .execute("BEGIN; SELECT id FROM accounts WHERE email = 'bob@example.com' FOR UPDATE")
        .await;
    let claimed = join_all(claims.iter().map(|claim| store.claim_send(claim)));
    for (claim, claimed) in claims.iter().zip(place.gathered(LOCK, claimed).await) {
        match claimed {
            Ok(claimed) => assert_eq!((claimed, &claim.message.account), (Claimed::Won, &ada)),
            Err(StoreError::Unavailable(_)) => assert_eq!(claim.message.account, bob),
            Err(error) => panic!("{error}"),
        }
    }
    other.execute("ROLLBACK").await;
    assert_eq!(store.claim_send(&claim(&bob, "order-0")).await.unwrap(), Claimed::Won);
}

async fn a_group_that_is_cut_off_is_told_so_and_leaves_nothing(place: Place) {
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(12);
    let claims: Vec<_> = keys.iter().map(|key| claim(&id, key)).collect();
    let claimed = join_all(claims.iter().map(|claim| store.claim_send(claim)));
    for claimed in cut_off(&place, claimed).await {
        assert!(matches!(claimed, Err(StoreError::Unavailable(_))), "{claimed:?}");
    }
    // Whoever was told so makes sure that the key is free, as it may have been written.
    let not_sent = SendResult { outcome: SendOutcome::NotSent, wamid: None, wa_id: None };
    for claim in &claims {
        let ending = claim.ended(SendEnd::Released, not_sent.clone(), at(START));
        assert!(!store.end_send(&ending).await.unwrap());
    }
    let messages = won(&store, &id, &keys).await;

    let ends = || messages.iter().zip(&keys).map(|(message, key)| end(&store, message, key, "{}"));
    for ended in cut_off(&place, join_all(ends())).await {
        assert!(matches!(ended, Err(StoreError::Unavailable(_))), "{ended:?}");
    }
    for (message, key) in messages.iter().zip(&keys) {
        assert_eq!(store.claim_send(&claim(&id, key)).await.unwrap(), Claimed::InProgress);
        let record = store.message(&id, message.id.as_str()).await.unwrap().unwrap();
        assert_eq!(record.result, None);
    }
    for ended in place.gathered(LOCK, join_all(ends())).await {
        assert!(ended.unwrap());
    }
    for (message, key) in messages.iter().zip(&keys) {
        let told = Claimed::Finished { message: message.id.clone(), reply: reply("{}") };
        assert_eq!(store.claim_send(&claim(&id, key)).await.unwrap(), told);
        let record = store.message(&id, message.id.as_str()).await.unwrap().unwrap();
        assert_eq!(record.result, Some(accepted(key)));
    }
}

async fn of_two_ends_at_once_the_first_counts(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(6);
    let messages = won(&store, &id, &keys).await;
    let mut ends: Vec<_> = messages.iter().zip(&keys).map(|(m, key)| (m, key, "first")).collect();
    ends.push((&messages[5], &keys[5], "second"));
    ends.push((&messages[4], &keys[4], "second"));
    let ended = ends.iter().map(|(message, key, body)| end(&store, message, key, body));
    for ((_, key, body), ended) in ends.iter().zip(place.gathered(LOCK, join_all(ended)).await) {
        assert_eq!(ended.unwrap(), *body == "first", "{key}");
    }
    for (message, key) in messages.iter().zip(&keys) {
        let told = Claimed::Finished { message: message.id.clone(), reply: reply("first") };
        assert_eq!(store.claim_send(&claim(&id, key)).await.unwrap(), told);
    }
}

async fn claims_and_ends_at_once_are_told_their_own(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(7);
    let messages = won(&store, &id, &keys[..5]).await;
    let none = |outcome| SendResult { outcome, wamid: None, wa_id: None };
    let ends = [
        (SendEnd::Final(reply("{}")), accepted("wamid.0")),
        (SendEnd::Released, none(SendOutcome::NotSent)),
        (SendEnd::Unknown(reply("unknown")), none(SendOutcome::Unknown)),
    ];
    let ends = ends.into_iter().zip(messages.iter().zip(&keys));
    let ends: Vec<_> = ends
        .map(|((end, result), (message, key))| claim_of(message, key).ended(end, result, at(START)))
        .collect();
    // The last key is free, and claimed twice by the same.
    let mut claims: Vec<_> = keys.iter().map(|key| claim(&id, key)).collect();
    claims.push(Arc::clone(&claims[6]));
    claims.rotate_right(2);
    let both = async {
        let ends = ends.iter().map(|ending| store.end_send(ending));
        tokio::join!(join_all(claims.iter().map(|claim| store.claim_send(claim))), join_all(ends))
    };
    let (claimed, ended) = place.gathered(LOCK, both).await;
    assert!(ended.into_iter().all(|ended| ended.unwrap()));

    let message = |n: usize| messages[n].id.clone();
    let now = [
        Claimed::Won,
        Claimed::InProgress,
        Claimed::Finished { message: message(0), reply: reply("{}") },
        Claimed::Won,
        Claimed::Unknown { message: message(2), reply: Some(reply("unknown")) },
        Claimed::InProgress,
        Claimed::InProgress,
        Claimed::Won,
    ];
    for ((claim, claimed), now) in claims.iter().zip(claimed).zip(now) {
        let claimed = claimed.unwrap();
        // PostgreSQL has groups of each, and the claims of these were done before their ends.
        let before = !place.is_file() && claimed == Claimed::InProgress;
        assert!(claimed == now || before, "{}: {claimed:?}", claim.key);
    }
}

async fn the_first_reply_of_a_send_that_has_lapsed_is_kept(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let claimed = SendClaim { lease: Duration::ZERO, ..(*claim(&id, "order-0")).clone() };
    let claimed = Arc::new(claimed);
    assert_eq!(store.claim_send(&claimed).await.unwrap(), Claimed::Won);
    assert_eq!(store.expire_sends(at(START), 10).await.unwrap(), 1);
    let message = claimed.message.id.clone();
    let now = async |expected| {
        let told = Claimed::Unknown { message: message.clone(), reply: expected };
        assert_eq!(store.claim_send(&claim(&id, "order-0")).await.unwrap(), told);
    };
    now(None).await;
    for body in ["first", "second"] {
        let result = SendResult { outcome: SendOutcome::Unknown, wamid: None, wa_id: None };
        let ending = claimed.ended(SendEnd::Unknown(reply(body)), result, at(START));
        assert!(store.end_send(&ending).await.unwrap());
        now(Some(reply("first"))).await;
    }
}

/// A status of a message that carries no id of ours: it is known by its wamid alone.
fn told(
    account: &AccountId,
    wamid: &str,
    progress: Progress,
    now: i64,
) -> (AccountId, StatusUpdate) {
    let (wamid, kind, at) = (wamid.to_owned(), StatusKind::Progress(progress), at(now));
    (account.clone(), StatusUpdate { wamid, message: None, kind, recipient: None, at })
}

async fn of_a_group_of_ends_each_is_told_its_own(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(10);
    let messages = won(&store, &id, &keys).await;
    // One has its answer, and one of the others has its status before its answer.
    assert!(end(&store, &messages[3], &keys[3], "early").await.unwrap());
    store.apply_statuses(&[told(&id, &keys[2], Progress::Read, 2_000)]).await.unwrap();

    // Not in the order of the keys.
    let ends: Vec<_> = messages.iter().zip(&keys).rev().collect();
    let ended = ends.iter().map(|(message, key)| end(&store, message, key, key));
    for ((_, key), ended) in ends.iter().zip(place.gathered(LOCK, join_all(ended)).await) {
        assert_eq!(ended.unwrap(), **key != keys[3], "{key}");
    }
    for (message, key) in messages.iter().zip(&keys) {
        let body = if *key == keys[3] { "early" } else { key };
        let told = Claimed::Finished { message: message.id.clone(), reply: reply(body) };
        assert_eq!(store.claim_send(&claim(&id, key)).await.unwrap(), told);
        let record = store.message(&id, message.id.as_str()).await.unwrap().unwrap();
        assert_eq!(record.progress, (*key == keys[2]).then_some(Progress::Read), "{key}");
    }
    assert_eq!(place.count("SELECT count(*) FROM waiting_statuses").await, 0);
}

async fn a_late_answer_in_the_same_group_finds_the_status_that_waits_for_it(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(6);
    let messages = won(&store, &id, &keys).await;
    store.apply_statuses(&[told(&id, &keys[5], Progress::Sent, 2_000)]).await.unwrap();
    let nobody_knows = SendResult { outcome: SendOutcome::Unknown, wamid: None, wa_id: None };
    let late = claim_of(&messages[5], &keys[5]);
    let first = late.ended(SendEnd::Unknown(reply("unknown")), nobody_knows, at(START));
    let others = messages.iter().zip(&keys).take(5);
    let others = join_all(others.map(|(message, key)| end(&store, message, key, "{}")));
    let both = async {
        let answer = end(&store, &messages[5], &keys[5], "{}");
        tokio::join!(store.end_send(&first), answer)
    };
    let (_, (unknown, answered)) = place.gathered(LOCK, async { tokio::join!(others, both) }).await;
    assert_eq!((unknown.unwrap(), answered.unwrap()), (true, true));
    let record = store.message(&id, messages[5].id.as_str()).await.unwrap().unwrap();
    assert_eq!((record.result, record.progress), (Some(accepted(&keys[5])), Some(Progress::Sent)));
    assert_eq!(place.count("SELECT count(*) FROM waiting_statuses").await, 0);
}

async fn ends_and_statuses_on_several_handles_at_once_are_all_applied(place: Place) {
    let stores = [place.store().await, place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    let keys = keys(60);
    let messages = won(&stores[0], &id, &keys).await;
    let tell_all = |handle: usize, progress, now: i64| {
        let mut told: Vec<_> = keys.iter().map(|key| told(&id, key, progress, now)).collect();
        told.rotate_left(handle * 23);
        let store = &stores[handle];
        async move { store.apply_statuses(&told).await.unwrap() }
    };
    // Some end before the statuses come, and the rest behind them.
    let ending = async {
        let ends: Vec<_> = messages.iter().zip(&keys).collect();
        for ends in ends.chunks(10) {
            let ended = ends.iter().map(|(message, key)| end(&stores[0], message, key, "{}"));
            assert!(join_all(ended).await.into_iter().all(|ended| ended.unwrap()));
        }
    };
    let telling = [tell_all(1, Progress::Sent, 2_000), tell_all(2, Progress::Read, 3_000)];
    tokio::join!(ending, join_all(telling));

    for key in &keys {
        let now = stores[0].message(&id, key).await.unwrap().unwrap();
        assert_eq!((now.progress, now.sent_at), (Some(Progress::Read), Some(at(2_000))), "{key}");
    }
    assert_eq!(place.count("SELECT count(*) FROM waiting_statuses").await, 0);
}

async fn a_status_that_begins_to_wait_while_an_end_waits_for_it_is_applied(place: Place) {
    // SQLite has one writer: one is done before the other begins.
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let keys = keys(2);
    let messages = won(&store, &id, &keys).await;
    assert!(end(&store, &messages[0], &keys[0], "{}").await.unwrap());

    let mut status = place.stranger(NO_MESSAGE).await;
    let mut looking = place.raw().await;
    let waiting = async { while looking.number(WAITERS).await == 0 {} };
    let mut ending = pin!(end(&store, &messages[1], &keys[1], "{}"));
    tokio::select! {
        ended = &mut ending => panic!("it waits for nobody: {ended:?}"),
        () = waiting => {}
    }
    let (ended, ()) = tokio::join!(ending, status.execute(WAITS));
    assert!(ended.unwrap());
    let record = store.message(&id, messages[1].id.as_str()).await.unwrap().unwrap();
    assert_eq!(
        (record.progress, record.delivered_at),
        (Some(Progress::Delivered), Some(at(5_000)))
    );
    assert_eq!(place.count("SELECT count(*) FROM waiting_statuses").await, 0);
}
