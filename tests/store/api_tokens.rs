//! Rotating and revoking API tokens.

use avenping_gateway::model::AccountId;
use avenping_gateway::store::{Store, StoreError};

use crate::fixtures::{BY, START, at, join, opens, token};
use crate::harness::{Place, cases};

cases![
    the_old_token_stays_valid_until_the_very_millisecond_it_ends,
    without_an_overlap_the_old_token_stops_at_once,
    at_most_two_tokens_are_ever_live,
    a_rotation_never_lengthens_the_life_of_a_token,
    a_clock_that_lags_does_not_keep_the_wrong_token,
    rotations_at_once_leave_exactly_two_live_tokens,
    a_token_that_is_somebodys_is_refused_and_nothing_changes,
    revocation_stops_every_token_and_counts_the_live_ones,
    one_account_does_not_touch_the_tokens_of_another,
    nobody_has_no_tokens,
];

/// Which of these tokens open an account at `now`.
async fn live<'n>(store: &Store, names: &[&'n str], now: i64) -> Vec<&'n str> {
    let mut live = Vec::new();
    for name in names {
        if opens(store, name, now).await {
            live.push(*name);
        }
    }
    live
}

async fn the_old_token_stays_valid_until_the_very_millisecond_it_ends(place: Place) {
    let store = place.store().await;
    let id = join(&store, "old").await;
    let rotated = store.rotate_token(&id, &token("new", 2_000), Some(at(3_000)), &BY).await;
    assert!(rotated.unwrap());
    assert_eq!(live(&store, &["old", "new"], 2_999).await, ["old", "new"]);
    assert_eq!(live(&store, &["old", "new"], 3_000).await, ["new"]);
}

async fn without_an_overlap_the_old_token_stops_at_once(place: Place) {
    let store = place.store().await;
    let id = join(&store, "old").await;
    assert!(store.rotate_token(&id, &token("new", 2_000), None, &BY).await.unwrap());
    assert_eq!(live(&store, &["old", "new"], START).await, ["new"]);
}

async fn at_most_two_tokens_are_ever_live(place: Place) {
    let store = place.store().await;
    let id = join(&store, "first").await;
    // All in the same millisecond: order in time is no help.
    for name in ["second", "third", "fourth"] {
        assert!(store.rotate_token(&id, &token(name, START), Some(at(9_000)), &BY).await.unwrap());
    }
    let all = ["first", "second", "third", "fourth"];
    assert_eq!(live(&store, &all, START).await, ["third", "fourth"]);
}

async fn a_rotation_never_lengthens_the_life_of_a_token(place: Place) {
    let store = place.store().await;
    let id = join(&store, "old").await;
    place.execute("UPDATE api_tokens SET expires_at = 2500").await;
    assert!(store.rotate_token(&id, &token("new", 2_000), Some(at(9_000)), &BY).await.unwrap());
    assert_eq!(live(&store, &["old", "new"], 2_499).await, ["old", "new"]);
    assert_eq!(live(&store, &["old", "new"], 2_500).await, ["new"]);
}

async fn a_clock_that_lags_does_not_keep_the_wrong_token(place: Place) {
    let store = place.store().await;
    let id = join(&store, "first").await;
    store.rotate_token(&id, &token("second", 500), Some(at(9_000)), &BY).await.unwrap();
    store.rotate_token(&id, &token("third", 600), Some(at(9_000)), &BY).await.unwrap();
    assert_eq!(live(&store, &["first", "second", "third"], START).await, ["second", "third"]);
}

async fn rotations_at_once_leave_exactly_two_live_tokens(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&here, "old").await;
    for round in 0..5 {
        let names = [format!("one-{round}"), format!("other-{round}")];
        let (one, other) = (token(&names[0], START), token(&names[1], START));
        let (one, other) = tokio::join!(
            here.rotate_token(&id, &one, Some(at(9_000)), &BY),
            there.rotate_token(&id, &other, Some(at(9_000)), &BY),
        );
        assert!(one.unwrap() && other.unwrap());
        assert_eq!(live(&here, &[&names[0], &names[1]], START).await.len(), 2);
        assert_eq!(place.count("SELECT count(*) FROM api_tokens").await, 2);
    }
}

async fn a_token_that_is_somebodys_is_refused_and_nothing_changes(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    join(&store, "bob").await;
    for name in ["bob", "ada"] {
        let refused = store.rotate_token(&ada, &token(name, 2_000), None, &BY).await;
        assert!(matches!(refused, Err(StoreError::Taken("API token"))), "{refused:?}");
    }
    assert_eq!(live(&store, &["ada", "bob"], START).await, ["ada", "bob"]);
}

async fn revocation_stops_every_token_and_counts_the_live_ones(place: Place) {
    let store = place.store().await;
    let id = join(&store, "old").await;
    store.rotate_token(&id, &token("new", 2_000), Some(at(3_000)), &BY).await.unwrap();
    assert_eq!(store.revoke_tokens(&id, &BY, at(2_999)).await.unwrap(), 2);
    assert!(live(&store, &["old", "new"], START).await.is_empty());
    assert_eq!(store.revoke_tokens(&id, &BY, at(2_999)).await.unwrap(), 0);

    store.rotate_token(&id, &token("third", 4_000), None, &BY).await.unwrap();
    store.rotate_token(&id, &token("fourth", 4_000), Some(at(5_000)), &BY).await.unwrap();
    assert_eq!(store.revoke_tokens(&id, &BY, at(5_000)).await.unwrap(), 1);
}

async fn one_account_does_not_touch_the_tokens_of_another(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    join(&store, "bob").await;
    store.rotate_token(&ada, &token("new", 2_000), None, &BY).await.unwrap();
    store.revoke_tokens(&ada, &BY, at(2_000)).await.unwrap();
    assert_eq!(live(&store, &["ada", "new", "bob"], START).await, ["bob"]);
}

async fn nobody_has_no_tokens(place: Place) {
    let store = place.store().await;
    let nobody = AccountId::generate();
    assert!(!store.rotate_token(&nobody, &token("new", START), None, &BY).await.unwrap());
    assert!(!opens(&store, "new", START).await);
    assert_eq!(store.revoke_tokens(&nobody, &BY, at(START)).await.unwrap(), 0);
}
