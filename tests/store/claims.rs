//! Taking deliveries on: whose turn it is, and for how long.

use std::time::Duration;

use avenping_gateway::model::{AccountId, WebhookChange, WebhookEvent};
use avenping_gateway::store::{AttemptEnd, ClaimedDelivery, StoreError};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;

use crate::fixtures::{BY, START, at, join};
use crate::harness::{Place, cases};
use crate::posts::{
    ALL, LEASE, bodies, claim, claim_one, end, event, message, point, post, post_at, take_in,
    with_deliveries,
};

cases![
    a_claim_has_everything_that_an_attempt_needs,
    a_code_that_was_replaced_signs_as_well_for_a_day,
    without_a_url_there_is_no_endpoint,
    what_is_taken_on_is_nobody_elses_until_the_lease_ends,
    a_lease_that_runs_out_puts_back_the_same_event_and_bytes,
    workers_that_claim_at_once_share_the_work,
    the_oldest_come_first,
    an_account_with_much_to_tell_does_not_slow_the_others,
    an_account_is_given_its_share_and_what_it_has_counts,
    what_cannot_be_read_does_not_hold_up_the_rest,
    the_oldest_that_is_due_is_known,
    what_is_pending_is_counted_up_to_a_limit,
    whoever_waits_is_woken_by_work_on_the_same_handle,
    whoever_waits_is_woken_by_work_of_other_nodes,
];

fn secrets(claimed: &ClaimedDelivery) -> Vec<&str> {
    let secrets = &claimed.endpoint.as_ref().unwrap().secrets;
    secrets.iter().map(|secret| secret.expose_secret()).collect()
}

async fn a_claim_has_everything_that_an_attempt_needs(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    point(&store, &id, "https://a.example", "code").await;
    let told = event(WebhookEvent::MessageStatus, r#"{"status": "👋 \u00e4"}"#);
    let mut arrival = message(&id, "one");
    arrival.events = vec![told.clone()];
    take_in(&store, vec![arrival]).await;

    let claimed = claim_one(&store, START).await;
    assert_eq!(claimed.account, id);
    assert_eq!((&claimed.event, claimed.kind, &claimed.body), (&told.id, told.kind, &told.body));
    assert_eq!(claimed.attempts, 0);
    assert_eq!(claimed.endpoint.as_ref().unwrap().url, "https://a.example");
    assert_eq!(secrets(&claimed), ["code"]);

    assert!(end(&store, &claimed, AttemptEnd::Retry(at(2_000)), START).await);
    point(&store, &id, "https://b.example", "code").await;
    let again = claim_one(&store, 2_000).await;
    assert_eq!((again.attempts, again.sequence, &again.id), (1, claimed.sequence, &claimed.id));
    assert_eq!(again.endpoint.as_ref().unwrap().url, "https://b.example");
}

async fn a_code_that_was_replaced_signs_as_well_for_a_day(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let day = 24 * 60 * 60 * 1_000;
    for (code, now, expected) in [
        ("code", START, &["code"][..]),
        ("second", START, &["second", "code"]),
        ("second", START + day - 1, &["second", "code"]),
        ("second", START + day, &["second"]),
        ("third", START, &["third", "second"]),
    ] {
        point(&store, &id, "https://a.example", code).await;
        let claimed = claim_one(&store, now).await;
        assert_eq!(secrets(&claimed), expected);
        assert!(end(&store, &claimed, AttemptEnd::GiveBack, now).await);
    }
}

async fn without_a_url_there_is_no_endpoint(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let never = join(&store, "bob").await;
    take_in(&store, vec![message(&never, "two")]).await;
    let clear = WebhookChange { url: Some(None), code: Some(None), events: None };
    store.change_webhook_config(&id, &clear, &"x".into(), &BY, at(START)).await.unwrap();
    let claimed = claim(&store, START, ALL).await;
    assert_eq!(bodies(&claimed), ["one", "two"]);
    assert!(claimed.iter().all(|delivery| delivery.endpoint.is_none()));
}

async fn what_is_taken_on_is_nobody_elses_until_the_lease_ends(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    with_deliveries(&here, "ada", &["one"]).await;
    assert!(claim(&here, START - 1, ALL).await.is_empty());
    let claimed = claim_one(&here, START).await;
    for store in [&here, &there] {
        assert!(claim(store, START + LEASE - 1, ALL).await.is_empty());
    }
    let again = claim_one(&there, START + LEASE).await;
    assert_ne!(again.lease, claimed.lease);
}

async fn a_lease_that_runs_out_puts_back_the_same_event_and_bytes(place: Place) {
    let store = place.store().await;
    with_deliveries(&store, "ada", &["the body"]).await;
    let first = claim_one(&store, START).await;
    drop(store);
    let second = claim_one(&place.store().await, START + LEASE).await;
    assert_eq!((&second.id, &second.event), (&first.id, &first.event));
    assert_eq!((&second.body, second.sequence), (&first.body, first.sequence));
    assert_eq!(second.attempts, 0);
}

async fn workers_that_claim_at_once_share_the_work(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let names: Vec<_> = (0..90).map(|n| n.to_string()).collect();
    with_deliveries(&here, "ada", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let (one, other) = tokio::join!(claim(&here, START, 9), claim(&there, START, 9));
        assert_eq!((one.len(), other.len()), (9, 9));
        ids.extend(one.into_iter().chain(other).map(|delivery| delivery.id));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 90);
    assert!(claim(&here, START, 9).await.is_empty());
}

async fn the_oldest_come_first(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    for (received_at, account, key) in
        [(4_000, &ada, "4"), (1_000, &ada, "1"), (3_000, &bob, "3"), (2_000, &bob, "2")]
    {
        store.take_in(&[post_at(received_at, vec![message(account, key)])]).await.unwrap();
    }
    assert_eq!(bodies(&claim(&store, 4_000, 2).await), ["1", "2"]);
    assert_eq!(bodies(&claim(&store, 4_000, 2).await), ["3", "4"]);
}

async fn an_account_with_much_to_tell_does_not_slow_the_others(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let eve = join(&store, "eve").await;
    let much = (0..500).map(|n| message(&ada, &format!("ada {n}"))).collect();
    store.take_in(&[post_at(1_000, much)]).await.unwrap();
    let few = vec![message(&bob, "bob"), message(&eve, "eve 1"), message(&eve, "eve 2")];
    store.take_in(&[post_at(2_000, few)]).await.unwrap();

    assert_eq!(bodies(&claim(&store, 2_000, 3).await), ["ada 0", "bob", "eve 1"]);
    // What somebody has running already counts as a turn.
    assert_eq!(bodies(&claim(&store, 2_000, 2).await), ["ada 1", "eve 2"]);
    take_in(&store, vec![message(&bob, "bob 2")]).await;
    assert_eq!(bodies(&claim(&store, 2_000, 1).await), ["bob 2"]);
    assert_eq!(bodies(&claim(&store, 2_000, 2).await), ["ada 2", "ada 3"]);
}

async fn an_account_is_given_its_share_and_what_it_has_counts(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let names: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    with_deliveries(&here, "ada", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let share = async |store: &avenping_gateway::store::Store, now: i64| {
        store.claim_deliveries(at(now), at(now + LEASE), ALL, 8).await.unwrap()
    };
    let (one, other) = tokio::join!(share(&here, START), share(&there, START));
    assert_eq!(one.len() + other.len(), 8);
    let first = one.into_iter().chain(other).next().unwrap();
    assert!(share(&here, START).await.is_empty());
    assert!(end(&here, &first, AttemptEnd::Delivered, START).await);
    assert_eq!(share(&here, START).await.len(), 1);
    // Leases that have run out do not count.
    assert_eq!(share(&there, START + LEASE).await.len(), 8);
    assert!(claim_nothing(&here).await);
}

async fn claim_nothing(store: &avenping_gateway::store::Store) -> bool {
    let none = store.claim_deliveries(at(START), at(START), 0, 8).await.unwrap();
    none.is_empty() && store.claim_deliveries(at(START), at(START), 8, 0).await.unwrap().is_empty()
}

async fn what_cannot_be_read_does_not_hold_up_the_rest(place: Place) {
    let store = place.store().await;
    with_deliveries(&store, "ada", &["one"]).await;
    place.execute("UPDATE events SET kind = 'unheardOf'").await;
    with_deliveries(&store, "bob", &["two"]).await;
    assert_eq!(bodies(&claim(&store, START, ALL).await), ["two"]);

    let refused = store.claim_deliveries(at(START + LEASE), at(START + LEASE), 1, 1).await;
    assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    place.execute("UPDATE events SET kind = 'newMessage'").await;
    assert_eq!(bodies(&claim(&store, START + LEASE, ALL).await), ["one", "two"]);
}

async fn the_oldest_that_is_due_is_known(place: Place) {
    let store = place.store().await;
    assert_eq!(store.oldest_due(at(START)).await.unwrap(), None);
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let told = |account: &AccountId, now: i64, key: &str| post_at(now, vec![message(account, key)]);
    store
        .take_in(&[told(&ada, 3_000, "3"), told(&ada, 2_000, "2"), told(&bob, 4_000, "4")])
        .await
        .unwrap();
    let oldest = async |now: i64| store.oldest_due(at(now)).await.unwrap();
    assert_eq!(oldest(1_999).await, None);
    assert_eq!(oldest(9_000).await, Some(at(2_000)));

    let first = claim(&store, 2_000, 1).await.remove(0);
    assert_eq!(oldest(9_000).await, Some(at(4_000)), "one account is being attended to");
    assert_eq!(oldest(2_000 + LEASE).await, Some(at(2_000)), "its lease has run out");
    assert!(end(&store, &first, AttemptEnd::Disable("gone"), 9_000).await);
    assert_eq!(oldest(9_000).await, Some(at(4_000)), "one account is paused");
    assert!(store.redeliver(&ada, &first.id, &BY, at(8_000)).await.unwrap());
    assert_eq!(oldest(3_999).await, Some(at(2_000)), "asked for by hand, and due since then");
}

async fn what_is_pending_is_counted_up_to_a_limit(place: Place) {
    let store = place.store().await;
    assert_eq!(store.pending_deliveries(10).await.unwrap(), 0);
    with_deliveries(&store, "ada", &["1", "2", "3"]).await;
    with_deliveries(&store, "bob", &["4"]).await;
    for (most, count) in [(10, 4), (4, 4), (3, 3), (0, 0), (-1, 0)] {
        assert_eq!(store.pending_deliveries(most).await.unwrap(), count);
    }

    let claimed = claim(&store, START, ALL).await;
    assert_eq!(store.pending_deliveries(10).await.unwrap(), 4, "an attempt is before them");
    let ends = [AttemptEnd::Delivered, AttemptEnd::Dead, AttemptEnd::Retry(at(START + 1))];
    for (delivery, how) in claimed.iter().filter(|d| d.body != "4").zip(ends) {
        assert!(end(&store, delivery, how, START).await);
    }
    assert_eq!(store.pending_deliveries(10).await.unwrap(), 2);
    let last = claimed.iter().find(|delivery| delivery.body == "4").unwrap();
    assert!(end(&store, last, AttemptEnd::Disable("gone"), START).await);
    assert_eq!(store.pending_deliveries(10).await.unwrap(), 2, "a paused one waits, too");
}

async fn whoever_waits_is_woken_by_work_on_the_same_handle(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let waiting = async || timeout(Duration::from_secs(20), store.wait_for_work()).await.unwrap();
    for key in ["one", "two"] {
        let posts = [post(vec![message(&id, key)])];
        let (taken, ()) = tokio::join!(store.take_in(&posts), waiting());
        taken.unwrap();
    }
    // Nothing is missed in between.
    take_in(&store, vec![message(&id, "three")]).await;
    waiting().await;
}

/// Of SQLite there is one node; its workers are woken as above.
async fn whoever_waits_is_woken_by_work_of_other_nodes(place: Place) {
    if place.directory().is_some() {
        return;
    }
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&there, "ada").await;
    let woken = async || timeout(Duration::from_secs(20), here.wait_for_work()).await.is_ok();
    // The first one returns as soon as it listens.
    assert!(woken().await);
    take_in(&there, vec![message(&id, "one")]).await;
    assert!(woken().await);
    let claimed = claim_one(&here, START).await;
    assert!(end(&here, &claimed, AttemptEnd::Delivered, START).await);
    assert!(there.redeliver(&id, &claimed.id, &BY, at(START)).await.unwrap());
    assert!(woken().await);

    // A connection that is lost is made anew, and that counts as news.
    place
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .await;
    assert!(woken().await);
    take_in(&there, vec![message(&id, "two")]).await;
    assert!(woken().await);
    // What came without deliveries wakes nobody.
    let mut silent = message(&id, "three");
    silent.events.clear();
    take_in(&there, vec![silent]).await;
    let quiet = timeout(Duration::from_millis(100), here.wait_for_work()).await;
    assert!(quiet.is_err());
}
