//! Endpoints that keep failing are left alone for a while, and then tried with one call.

use avenping_gateway::model::AccountId;
use avenping_gateway::store::{AttemptEnd, Store};

use crate::fixtures::{BY, START, at, join};
use crate::harness::{Place, cases};
use crate::posts::{claim, claim_one, end, message, take_in};

cases![
    five_failures_shut_an_endpoint_until_the_oldest_is_tried_again,
    an_endpoint_that_keeps_failing_is_tried_at_the_schedule_of_the_oldest,
    an_endpoint_that_was_shut_is_tried_with_one_delivery_until_it_succeeds,
    nobody_is_left_alone_for_more_than_half_an_hour,
    what_is_asked_for_by_hand_is_not_held_up,
    an_endpoint_is_enabled_again_as_if_it_had_never_failed,
    a_shut_endpoint_makes_nobody_late_nor_does_one_that_has_just_been_opened,
];

/// Far enough from the start that all of it is due.
const NOW: i64 = 100_000;

/// An account whose endpoint has just failed five times, to be tried again at `next`; three more
/// deliveries wait.
async fn failing(store: &Store, next: i64) -> AccountId {
    let id = join(store, "ada").await;
    take_in(store, (0..8).map(|key| message(&id, &key.to_string())).collect()).await;
    for delivery in claim(store, NOW, 5).await {
        assert!(end(store, &delivery, AttemptEnd::Retry(at(next)), NOW).await);
    }
    id
}

async fn five_failures_shut_an_endpoint_until_the_oldest_is_tried_again(place: Place) {
    let store = place.store().await;
    let id = join(&store, "bob").await;
    take_in(&store, (0..6).map(|key| message(&id, &key.to_string())).collect()).await;
    let claimed = claim(&store, NOW, 5).await;
    // Whichever of them ends last, and whenever that one is tried again.
    for (which, wait) in [(1, 1_000), (3, 2_000), (0, 5_000), (2, 9_000), (4, 86_400_000)] {
        let later = AttemptEnd::Retry(at(NOW + wait));
        assert!(end(&store, &claimed[which], later, NOW).await);
    }
    assert!(claim(&store, NOW + 4_999, 9).await.is_empty());
    assert_eq!(claim_one(&store, NOW + 5_000).await.id, claimed[0].id);
}

async fn an_endpoint_that_keeps_failing_is_tried_at_the_schedule_of_the_oldest(place: Place) {
    let store = place.store().await;
    failing(&store, NOW + 5_000).await;
    let mut now = NOW + 5_000;
    let mut probe = claim_one(&store, now).await;
    let oldest = probe.id.clone();
    for wait in [300_000, 1_000_000] {
        assert!(end(&store, &probe, AttemptEnd::Retry(at(now + wait)), now).await);
        assert!(claim(&store, now + wait - 1, 9).await.is_empty());
        now += wait;
        probe = claim_one(&store, now).await;
        assert_eq!(probe.id, oldest);
    }
    // One that ends for good makes room for the next.
    assert!(end(&store, &probe, AttemptEnd::Dead, now).await);
    let next = claim_one(&store, now).await;
    assert!(end(&store, &next, AttemptEnd::Retry(at(now + 5_000)), now).await);
    assert!(claim(&store, now + 4_999, 9).await.is_empty());
    assert_eq!(claim_one(&store, now + 5_000).await.id, next.id);
}

async fn an_endpoint_that_was_shut_is_tried_with_one_delivery_until_it_succeeds(place: Place) {
    let store = place.store().await;
    failing(&store, NOW + 5_000).await;
    let probe = claim_one(&store, NOW + 5_000).await;
    assert!(claim(&store, NOW + 5_000, 9).await.is_empty(), "one is being tried");
    assert!(end(&store, &probe, AttemptEnd::Retry(at(NOW + 9_000)), NOW + 5_000).await);
    assert!(claim(&store, NOW + 8_999, 9).await.is_empty());
    let probe = claim_one(&store, NOW + 9_000).await;
    assert!(end(&store, &probe, AttemptEnd::Delivered, NOW + 9_000).await);
    assert_eq!(claim(&store, NOW + 9_000, 9).await.len(), 7);
}

async fn nobody_is_left_alone_for_more_than_half_an_hour(place: Place) {
    let store = place.store().await;
    failing(&store, NOW + 86_400_000).await;
    assert!(claim(&store, NOW + 1_799_999, 9).await.is_empty());
    assert_eq!(claim(&store, NOW + 1_800_000, 9).await.len(), 1);
}

async fn what_is_asked_for_by_hand_is_not_held_up(place: Place) {
    let store = place.store().await;
    let id = failing(&store, NOW + 5_000).await;
    let wanted = store.deliveries(&id, None, None, 1).await.unwrap().remove(0).id;
    assert!(store.redeliver(&id, &wanted, &BY, at(NOW + 1)).await.unwrap());
    assert_eq!(claim_one(&store, NOW + 1).await.id, wanted);
}

async fn an_endpoint_is_enabled_again_as_if_it_had_never_failed(place: Place) {
    let store = place.store().await;
    let id = failing(&store, NOW + 5_000).await;
    let gone = claim_one(&store, NOW + 5_000).await;
    assert!(end(&store, &gone, AttemptEnd::Disable("gone"), NOW + 5_000).await);
    assert!(claim(&store, NOW + 9_000_000, 9).await.is_empty());
    store.enable_endpoint(&AccountId::generate(), &BY, at(START)).await.unwrap();
    store.enable_endpoint(&id, &BY, at(START)).await.unwrap();
    assert_eq!(store.endpoint_health(&id).await.unwrap(), Default::default());
    assert_eq!(claim(&store, NOW + 5_000, 9).await.len(), 8);
}

async fn a_shut_endpoint_makes_nobody_late_nor_does_one_that_has_just_been_opened(place: Place) {
    let store = place.store().await;
    let id = failing(&store, NOW + 5_000).await;
    let oldest_due = async |now| store.oldest_due(at(now)).await.unwrap();
    assert_eq!(oldest_due(NOW + 4_999).await, None);
    assert_eq!(oldest_due(NOW + 9_000).await, Some(at(NOW + 5_000)));

    let probe = claim_one(&store, NOW + 10_000).await;
    assert_eq!(oldest_due(NOW + 10_000).await, None);
    assert!(end(&store, &probe, AttemptEnd::Delivered, NOW + 11_000).await);
    assert_eq!(oldest_due(NOW + 11_500).await, Some(at(NOW + 11_000)));

    // What is asked for by hand does not wait for the endpoint.
    for _ in 0..5 {
        let failed = claim(&store, NOW + 12_000, 1).await.remove(0);
        let later = AttemptEnd::Retry(at(NOW + 90_000));
        assert!(end(&store, &failed, later, NOW + 12_000).await);
    }
    let wanted = store.deliveries(&id, None, None, 1).await.unwrap().remove(0).id;
    assert!(store.redeliver(&id, &wanted, &BY, at(NOW + 13_000)).await.unwrap());
    let due = oldest_due(NOW + 13_000).await.unwrap();
    assert!(due <= at(NOW + 13_000), "{due:?}");
}
