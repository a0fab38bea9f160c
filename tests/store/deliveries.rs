//! How attempts end, what the owner sees of it, and doing it again.

use avenping_gateway::model::{
    AccountId, DeliveryId, DeliveryState, EventId, WebhookChange, WebhookEvent,
};
use avenping_gateway::store::{AttemptEnd, EndpointHealth, Store, StoreError};

use crate::fixtures::{BY, START, at, join};
use crate::harness::{Place, cases};
use crate::posts::{
    ALL, LEASE, attempt, bodies, claim, claim_one, end, event, list, message, only, point, post_at,
    take_in, with_deliveries,
};

cases![
    each_end_is_written_with_its_log,
    what_is_given_back_was_not_attempted,
    a_late_result_counts_as_long_as_nobody_else_took_it_on,
    a_result_without_the_lease_writes_nothing,
    failures_in_a_row_are_counted_and_one_success_ends_them,
    what_is_disabled_is_paused_with_all_that_follows,
    naming_the_url_or_the_code_enables_again,
    an_attempt_at_a_url_that_was_changed_says_nothing_of_the_new_one,
    deliveries_are_listed_newest_first_page_by_page,
    deliveries_are_listed_by_state,
    a_sample_is_due_at_once_even_while_all_is_paused,
    redelivery_of_what_was_delivered_or_is_dead_tells_the_same_again,
    what_was_delivered_stays_delivered_however_a_redelivery_ends,
    redelivery_stands_beside_the_schedule,
    redelivery_goes_out_while_all_is_paused,
    a_range_is_redelivered_oldest_first,
    what_belongs_to_others_is_not_there,
    bodies_are_forgotten_and_then_the_rest,
];

async fn each_end_is_written_with_its_log(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let fresh = only(&store, &id).await;
    assert_eq!((fresh.state, fresh.attempts), (DeliveryState::Pending, 0));
    assert_eq!((fresh.created_at, fresh.next_attempt_at), (at(START), Some(at(START))));
    assert_eq!((fresh.kind, fresh.delivered_at), (WebhookEvent::NewMessage, None));

    let first = claim_one(&store, START).await;
    assert_eq!((&first.id, &first.event), (&fresh.id, &fresh.event));
    let mut failed = attempt(1_500, 500);
    failed.error = Some("answered \0".to_owned());
    let retry = AttemptEnd::Retry(at(6_000));
    assert!(store.end_attempt(&first.ended(Some(failed.clone()), retry, at(1_500))).await.unwrap());
    let after = only(&store, &id).await;
    assert_eq!((after.state, after.attempts), (DeliveryState::Pending, 1));
    assert_eq!(after.next_attempt_at, Some(at(6_000)));
    assert!(claim(&store, 5_999, ALL).await.is_empty());

    let second = claim_one(&store, 6_000).await;
    assert!(end(&store, &second, AttemptEnd::Dead, 6_100).await);
    let dead = only(&store, &id).await;
    assert_eq!((dead.state, dead.attempts, dead.next_attempt_at), (DeliveryState::Dead, 2, None));

    assert!(store.redeliver(&id, &dead.id, &BY, at(7_000)).await.unwrap());
    let third = claim_one(&store, 7_000).await;
    assert!(end(&store, &third, AttemptEnd::Delivered, 7_100).await);
    let (delivered, log) = store.delivery(&id, &dead.id).await.unwrap().unwrap();
    assert_eq!((delivered.state, delivered.attempts), (DeliveryState::Delivered, 3));
    assert_eq!((delivered.delivered_at, delivered.next_attempt_at), (Some(at(7_100)), None));
    failed.error = Some("answered \u{fffd}".to_owned());
    assert_eq!(log, [failed, attempt(6_100, 500), attempt(7_100, 200)]);
    assert!(claim(&store, i64::MAX - LEASE, ALL).await.is_empty());
}

async fn what_is_given_back_was_not_attempted(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let claimed = claim_one(&store, START).await;
    assert!(end(&store, &claimed, AttemptEnd::GiveBack, START).await);
    assert!(!end(&store, &claimed, AttemptEnd::GiveBack, START).await);
    let (delivery, log) = store.delivery(&id, &claimed.id).await.unwrap().unwrap();
    assert_eq!((delivery.attempts, delivery.next_attempt_at), (0, Some(at(START))));
    assert!(log.is_empty());
    assert_eq!(store.endpoint_health(&id).await.unwrap(), EndpointHealth::default());
    assert_eq!(claim_one(&store, START).await.attempts, 0);
}

async fn a_late_result_counts_as_long_as_nobody_else_took_it_on(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let claimed = claim_one(&store, START).await;
    assert!(end(&store, &claimed, AttemptEnd::Delivered, START + 10 * LEASE).await);
    assert_eq!(only(&store, &id).await.state, DeliveryState::Delivered);
}

async fn a_result_without_the_lease_writes_nothing(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = with_deliveries(&here, "ada", &["one"]).await;
    let lost = claim_one(&here, START).await;
    let held = claim_one(&there, START + LEASE).await;
    for outcome in [AttemptEnd::Delivered, AttemptEnd::Disable("gone"), AttemptEnd::GiveBack] {
        assert!(!end(&here, &lost, outcome, START + LEASE).await);
    }
    let mut forged = lost.clone();
    forged.lease = "\0".to_owned();
    assert!(!end(&here, &forged, AttemptEnd::Dead, START).await);
    let (delivery, log) = here.delivery(&id, &lost.id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 0));
    assert!(log.is_empty());
    assert_eq!(here.endpoint_health(&id).await.unwrap(), EndpointHealth::default());

    assert!(end(&there, &held, AttemptEnd::Delivered, START + LEASE).await);
    assert!(!end(&there, &held, AttemptEnd::Dead, START + LEASE).await);
    assert_eq!(only(&here, &id).await.state, DeliveryState::Delivered);
}

async fn failures_in_a_row_are_counted_and_one_success_ends_them(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2", "3", "4"]).await;
    let other = with_deliveries(&store, "bob", &["5"]).await;
    let claimed = claim(&store, START, ALL).await;
    let health = async || {
        let health = store.endpoint_health(&id).await.unwrap();
        (health.failures_in_a_row, health.failing_since, health.disabled)
    };
    assert!(end(&store, &claimed[0], AttemptEnd::Retry(at(9_000)), 2_000).await);
    assert!(end(&store, &claimed[1], AttemptEnd::Dead, 3_000).await);
    assert_eq!(health().await, (2, Some(at(2_000)), None));
    assert!(end(&store, &claimed[2], AttemptEnd::Delivered, 4_000).await);
    assert_eq!(health().await, (0, None, None));
    assert!(end(&store, &claimed[3], AttemptEnd::Retry(at(9_000)), 5_000).await);
    assert_eq!(health().await, (1, Some(at(5_000)), None));
    assert_eq!(store.endpoint_health(&other).await.unwrap(), EndpointHealth::default());
}

/// An account whose endpoint said that it is gone, at the first of these.
async fn paused(store: &Store, bodies: &[&str]) -> AccountId {
    let id = with_deliveries(store, "ada", bodies).await;
    let first = claim(store, START, 1).await.remove(0);
    assert!(end(store, &first, AttemptEnd::Disable("gone"), 2_000).await);
    id
}

async fn what_is_disabled_is_paused_with_all_that_follows(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2", "3"]).await;
    let bob = with_deliveries(&store, "bob", &["b"]).await;
    let claimed = claim(&store, START, ALL).await;
    assert!(end(&store, &claimed[0], AttemptEnd::Disable("gone"), 2_000).await);
    // These were on their way.
    assert!(end(&store, &claimed[1], AttemptEnd::Retry(at(3_000)), 2_500).await);
    assert!(end(&store, &claimed[2], AttemptEnd::Delivered, 2_600).await);
    assert!(end(&store, &claimed[3], AttemptEnd::Retry(at(3_000)), 2_700).await);
    take_in(&store, vec![message(&id, "4")]).await;

    let health = store.endpoint_health(&id).await.unwrap();
    assert_eq!(health.disabled, Some((at(2_000), "gone".to_owned())));
    let paused = list(&store, &id, Some(DeliveryState::Paused)).await;
    assert_eq!(paused.len(), 3);
    assert!(paused.iter().all(|delivery| delivery.next_attempt_at.is_none()));
    assert!(list(&store, &id, Some(DeliveryState::Pending)).await.is_empty());
    assert_eq!(list(&store, &id, Some(DeliveryState::Delivered)).await.len(), 1);
    assert_eq!(claim_one(&store, 100_000).await.account, bob);
}

async fn naming_the_url_or_the_code_enables_again(place: Place) {
    let store = place.store().await;
    let id = paused(&store, &["1", "2"]).await;
    let change = async |change: WebhookChange| {
        store.change_webhook_config(&id, &change, &"x".into(), &BY, at(START)).await.unwrap();
    };
    let events = Some(vec![WebhookEvent::NewMessage]);
    change(WebhookChange { events, ..Default::default() }).await;
    assert!(claim(&store, 3_000, ALL).await.is_empty());

    change(WebhookChange { code: Some(Some("new".into())), ..Default::default() }).await;
    assert_eq!(store.endpoint_health(&id).await.unwrap(), EndpointHealth::default());
    let claimed = claim(&store, 3_000, ALL).await;
    assert_eq!(bodies(&claimed), ["1", "2"]);
    assert_eq!(claimed.iter().map(|c| c.attempts).collect::<Vec<_>>(), [1, 0]);

    assert!(end(&store, &claimed[0], AttemptEnd::Disable("again"), 4_000).await);
    point(&store, &id, "https://a.example", "new").await;
    assert_eq!(bodies(&claim(&store, 5_000, ALL).await), ["1"]);
}

async fn an_attempt_at_a_url_that_was_changed_says_nothing_of_the_new_one(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2"]).await;
    let claimed = claim(&store, START, ALL).await;
    point(&store, &id, "https://a.example", "another code").await;
    assert!(claim(&store, START, ALL).await.is_empty(), "the URL is the same");

    point(&store, &id, "https://b.example", "another code").await;
    for end in [AttemptEnd::Disable("gone"), AttemptEnd::Delivered] {
        let attempt = attempt(1_500, 410);
        let ending = claimed[0].ended(Some(attempt), end, at(1_500));
        assert!(!store.end_attempt(&ending).await.unwrap());
    }
    assert_eq!(store.endpoint_health(&id).await.unwrap(), EndpointHealth::default());
    let again = claim(&store, START, ALL).await;
    assert_eq!(bodies(&again), ["1", "2"]);
    assert!(again.iter().all(|c| c.endpoint.as_ref().unwrap().url == "https://b.example"));
}

async fn deliveries_are_listed_newest_first_page_by_page(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    // The clock of one node may be behind.
    for (received_at, keys) in [(3_000, ["e", "f"]), (1_000, ["a", "b"]), (2_000, ["c", "d"])] {
        let arrivals = keys.iter().map(|key| message(&id, key)).collect();
        store.take_in(&[post_at(received_at, arrivals)]).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.deliveries(&id, None, after.as_ref(), 4).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page);
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.windows(2).all(|two| two[0].created_at >= two[1].created_at));
    assert!(seen.windows(2).all(|two| two[0].id > two[1].id));

    let claimed = claim(&store, START * 9, ALL).await;
    let by_age: Vec<_> = claimed.iter().rev().map(|delivery| delivery.id.clone()).collect();
    assert_eq!(seen.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>(), by_age);
    let nowhere = DeliveryId::from_stored("\0".to_owned());
    assert!(store.deliveries(&id, None, Some(&nowhere), 4).await.unwrap().is_empty());
}

async fn deliveries_are_listed_by_state(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2", "3"]).await;
    let claimed = claim(&store, START, ALL).await;
    assert!(end(&store, &claimed[0], AttemptEnd::Delivered, 2_000).await);
    assert!(end(&store, &claimed[1], AttemptEnd::Dead, 2_000).await);
    for (state, expected) in [
        (DeliveryState::Delivered, &claimed[..1]),
        (DeliveryState::Dead, &claimed[1..2]),
        (DeliveryState::Pending, &claimed[2..]),
        (DeliveryState::Paused, &[]),
    ] {
        let listed = list(&store, &id, Some(state)).await;
        assert!(listed.iter().all(|delivery| delivery.state == state));
        let ids = |of: Vec<DeliveryId>| of;
        let listed = ids(listed.into_iter().map(|delivery| delivery.id).collect());
        assert_eq!(listed, ids(expected.iter().map(|claimed| claimed.id.clone()).collect()));
    }
}

async fn a_sample_is_due_at_once_even_while_all_is_paused(place: Place) {
    let store = place.store().await;
    let id = paused(&store, &["1"]).await;
    let sample = event(WebhookEvent::NewLead, "sample");
    let made = store.enqueue(&id, &sample, at(3_000)).await.unwrap();
    assert!(claim(&store, 2_999, ALL).await.is_empty());
    let claimed = claim_one(&store, 3_000).await;
    assert_eq!((&claimed.id, &claimed.event, &claimed.body), (&made, &sample.id, &sample.body));

    let nobody = AccountId::generate();
    let refused = store.enqueue(&nobody, &sample, at(3_000)).await;
    assert!(matches!(refused, Err(StoreError::NoAccount)), "{refused:?}");
}

async fn redelivery_of_what_was_delivered_or_is_dead_tells_the_same_again(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2"]).await;
    let first = claim(&store, START, ALL).await;
    assert!(end(&store, &first[0], AttemptEnd::Delivered, 2_000).await);
    assert!(end(&store, &first[1], AttemptEnd::Dead, 2_000).await);
    for (claimed, state) in first.iter().zip([DeliveryState::Delivered, DeliveryState::Dead]) {
        assert!(store.redeliver(&id, &claimed.id, &BY, at(3_000)).await.unwrap());
        let again = claim_one(&store, 3_000).await;
        assert_eq!((&again.id, &again.event), (&claimed.id, &claimed.event));
        assert_eq!((&again.body, again.sequence), (&claimed.body, claimed.sequence));
        // One more by hand is none more on the schedule: a dead one is at its end still.
        assert_eq!(again.attempts, 1);
        assert!(end(&store, &again, AttemptEnd::Dead, 4_000).await);
        let (after, log) = store.delivery(&id, &claimed.id).await.unwrap().unwrap();
        assert_eq!((after.state, after.attempts, log.len()), (state, 2, 2));
    }
    let (delivered, _) = store.delivery(&id, &first[0].id).await.unwrap().unwrap();
    assert_eq!(delivered.delivered_at, Some(at(2_000)));
}

async fn what_was_delivered_stays_delivered_however_a_redelivery_ends(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1"]).await;
    let first = claim_one(&store, START).await;
    assert!(end(&store, &first, AttemptEnd::Delivered, 2_000).await);
    let ends = [AttemptEnd::Retry(at(9_000)), AttemptEnd::Dead, AttemptEnd::Disable("gone")];
    for ended in ends {
        assert!(store.redeliver(&id, &first.id, &BY, at(3_000)).await.unwrap());
        let again = claim_one(&store, 3_000).await;
        assert!(end(&store, &again, ended, 4_000).await);
        let after = only(&store, &id).await;
        assert_eq!((after.state, after.next_attempt_at), (DeliveryState::Delivered, None));
        assert_eq!(after.delivered_at, Some(at(2_000)));
        assert!(claim(&store, 100_000, ALL).await.is_empty());
    }
    let (_, log) = store.delivery(&id, &first.id).await.unwrap().unwrap();
    assert_eq!(log.len(), 4);
    // It is forgotten when it would have been.
    assert_eq!(store.forget_deliveries(at(2_001), at(0), ALL).await.unwrap(), 1);
}

async fn redelivery_stands_beside_the_schedule(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1"]).await;
    let first = claim_one(&store, START).await;
    assert!(end(&store, &first, AttemptEnd::Retry(at(500_000)), 2_000).await);
    // Asking twice is asking once.
    for now in [3_000, 4_000] {
        assert!(store.redeliver(&id, &first.id, &BY, at(now)).await.unwrap());
    }
    let by_hand = claim_one(&store, 4_000).await;
    assert_eq!(by_hand.attempts, 1);
    assert!(end(&store, &by_hand, AttemptEnd::Retry(at(60_000)), 5_000).await);
    assert_eq!(only(&store, &id).await.next_attempt_at, Some(at(500_000)));
    assert_eq!(claim_one(&store, 500_000).await.attempts, 1);

    // Unless the endpoint asked for more time than that.
    assert!(store.redeliver(&id, &first.id, &BY, at(500_000)).await.unwrap());
    let late = claim_one(&store, 500_000 + LEASE).await;
    assert!(end(&store, &late, AttemptEnd::Retry(at(900_000)), 600_000).await);
    assert_eq!(only(&store, &id).await.next_attempt_at, Some(at(900_000)));
}

async fn redelivery_goes_out_while_all_is_paused(place: Place) {
    let store = place.store().await;
    let id = paused(&store, &["1", "2"]).await;
    let waiting = list(&store, &id, Some(DeliveryState::Paused)).await;
    let second = &waiting[0];
    assert!(store.redeliver(&id, &second.id, &BY, at(3_000)).await.unwrap());
    let listed = list(&store, &id, Some(DeliveryState::Pending)).await;
    assert_eq!(listed[0].id, second.id);
    let claimed = claim_one(&store, 3_000).await;
    assert_eq!(claimed.body, "2");
    assert!(end(&store, &claimed, AttemptEnd::GiveBack, 3_000).await);
    let claimed = claim_one(&store, 3_000).await;
    assert!(end(&store, &claimed, AttemptEnd::Retry(at(4_000)), 3_000).await);
    assert!(claim(&store, 5_000, ALL).await.is_empty());
    assert_eq!(list(&store, &id, Some(DeliveryState::Paused)).await.len(), 2);
}

async fn a_range_is_redelivered_oldest_first(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for now in [1_000, 2_000, 3_000, 4_000] {
        let arrivals = vec![message(&id, &now.to_string())];
        store.take_in(&[post_at(now, arrivals)]).await.unwrap();
    }
    let bob = with_deliveries(&store, "bob", &["bob"]).await;
    for claimed in claim(&store, 4_000, ALL).await {
        assert!(end(&store, &claimed, AttemptEnd::Delivered, 5_000).await);
    }
    let again = async |from: i64, to: i64, limit: i64| {
        store.redeliver_range(&id, at(from), at(to), limit, &BY, at(6_000)).await.unwrap()
    };
    assert_eq!(again(2_001, 3_000, ALL).await, 0);
    assert_eq!(again(2_000, 4_000, ALL).await, 2);
    assert_eq!(bodies(&claim(&store, 6_000, ALL).await), ["2000", "3000"]);
    assert_eq!(again(i64::MIN, i64::MAX, 1).await, 1);
    assert_eq!(bodies(&claim(&store, 6_000, ALL).await), ["1000"]);
    assert_eq!(only(&store, &bob).await.state, DeliveryState::Delivered);
}

async fn what_belongs_to_others_is_not_there(place: Place) {
    let store = place.store().await;
    with_deliveries(&store, "ada", &["1"]).await;
    let bob = join(&store, "bob").await;
    let adas = claim_one(&store, START).await;
    assert!(end(&store, &adas, AttemptEnd::Dead, START).await);
    let unknown = DeliveryId::generate(at(START));
    let odd = DeliveryId::from_stored("\0".to_owned());
    for id in [&adas.id, &unknown, &odd] {
        assert!(store.delivery(&bob, id).await.unwrap().is_none());
        assert!(!store.redeliver(&bob, id, &BY, at(START)).await.unwrap());
    }
    assert!(list(&store, &bob, None).await.is_empty());
    let range = store.redeliver_range(&bob, at(0), at(9_000), ALL, &BY, at(START)).await;
    assert_eq!(range.unwrap(), 0);
    assert!(claim(&store, START, ALL).await.is_empty());
}

async fn bodies_are_forgotten_and_then_the_rest(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["1", "2", "3", "4"]).await;
    let claimed = claim(&store, START, ALL).await;
    for (claimed, outcome, now) in [
        (&claimed[0], AttemptEnd::Delivered, 2_000),
        (&claimed[1], AttemptEnd::Delivered, 3_000),
        (&claimed[2], AttemptEnd::Dead, 2_000),
    ] {
        assert!(end(&store, claimed, outcome, now).await);
    }
    let forget = async |bodies: i64, all: i64, limit: i64| {
        store.forget_deliveries(at(bodies), at(all), limit).await.unwrap()
    };
    assert_eq!(forget(2_000, 0, ALL).await, 0);
    assert_eq!(forget(9_000, 0, 1).await, 1);
    assert_eq!(forget(9_000, 0, ALL).await, 1);
    assert_eq!(forget(9_000, 0, ALL).await, 0);
    assert_eq!(place.count("SELECT count(*) FROM events WHERE body IS NULL").await, 2);
    // What is known without the body is still shown; it cannot be told again.
    assert_eq!(list(&store, &id, None).await.len(), 4);
    assert!(!store.redeliver(&id, &claimed[0].id, &BY, at(3_000)).await.unwrap());
    assert_eq!(store.redeliver_range(&id, at(0), at(9_000), ALL, &BY, at(3_000)).await.unwrap(), 2);
    let dead = claim(&store, 3_000, 1).await.remove(0);
    assert_eq!(dead.body, "3");
    assert!(end(&store, &dead, AttemptEnd::Dead, 3_500).await);

    assert_eq!(forget(0, 3_000, ALL).await, 1);
    assert_eq!(forget(0, 9_000, 1).await, 1);
    assert_eq!(forget(0, 9_000, ALL).await, 1);
    assert_eq!(only(&store, &id).await.id, claimed[3].id);
    let tables = [
        ("SELECT count(*) FROM events", 1),
        ("SELECT count(*) FROM deliveries", 1),
        ("SELECT count(*) FROM delivery_attempts", 0),
    ];
    for (question, left) in tables {
        assert_eq!(place.count(question).await, left, "{question}");
    }
    // Numbers are not given twice.
    take_in(&store, vec![message(&id, "5")]).await;
    let sequences = claim(&store, 3_000 + LEASE, ALL).await;
    assert!(sequences.iter().all(|claimed| claimed.sequence >= 4));
    let _: &EventId = &sequences[0].event;
}
