//! Attempts that end at the same time share a commit, and nothing else.

use avenping_gateway::model::DeliveryState;
use avenping_gateway::store::{AttemptEnd, AttemptEnding, ClaimedDelivery, Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{START, at};
use crate::harness::{Place, cases};
use crate::posts::{ALL, attempt, claim, end, list, message, take_in, with_deliveries};

cases![
    each_end_of_a_group_is_written_with_its_log,
    how_an_endpoint_fares_follows_the_order_of_the_ends,
    one_end_that_is_refused_keeps_nobody_out,
    two_nodes_that_end_attempts_at_the_same_endpoints_are_not_in_each_others_way,
    endpoints_that_are_disabled_in_one_group_are_audited_each,
    whoever_has_to_wait_keeps_nobody_out,
];

const LOCK: &str = "BEGIN; LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE";

const COMMITS: &str = "SELECT count(DISTINCT xmin::text) FROM delivery_attempts";

const BODIES: [&str; 12] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];

fn ending(claimed: &ClaimedDelivery, end: AttemptEnd) -> AttemptEnding {
    let status = if end == AttemptEnd::Delivered { 200 } else { 500 };
    claimed.ended(Some(attempt(2_000, status)), end, at(2_000))
}

async fn end_at_once(
    place: &Place,
    store: &Store,
    endings: &[AttemptEnding],
) -> Vec<Result<bool, StoreError>> {
    let ends = endings.iter().map(|ending| store.end_attempt(ending));
    place.gathered(LOCK, join_all(ends)).await
}

async fn each_end_of_a_group_is_written_with_its_log(place: Place) {
    let store = place.store().await;
    let ada = with_deliveries(&store, "ada", &BODIES).await;
    let claimed = claim(&store, START, ALL).await;
    let mut endings: Vec<_> = claimed
        .iter()
        .map(|delivery| match delivery.body.as_str() {
            "2" => ending(delivery, AttemptEnd::Dead),
            "3" => ending(delivery, AttemptEnd::Retry(at(9_000))),
            "4" => delivery.ended(None, AttemptEnd::GiveBack, at(2_000)),
            "5" => AttemptEnding {
                lease: "not ours".to_owned(),
                ..ending(delivery, AttemptEnd::Delivered)
            },
            _ => ending(delivery, AttemptEnd::Delivered),
        })
        .collect();
    // Nor is what was ended just before.
    endings.push(endings[7].clone());
    let ended = end_at_once(&place, &store, &endings).await;
    let ended: Vec<_> = ended.into_iter().map(Result::unwrap).collect();
    let not_held = claimed.iter().position(|delivery| delivery.body == "5").unwrap();
    for (n, ended) in ended.iter().enumerate() {
        assert_eq!(*ended, n != not_held && n != endings.len() - 1, "{n}");
    }

    for delivery in &claimed {
        let (now, log) = store.delivery(&ada, &delivery.id).await.unwrap().unwrap();
        let (state, status) = match delivery.body.as_str() {
            "2" => (DeliveryState::Dead, Some(500)),
            "3" => (DeliveryState::Pending, Some(500)),
            "4" | "5" => (DeliveryState::Pending, None),
            _ => (DeliveryState::Delivered, Some(200)),
        };
        let told: Vec<_> = log.iter().map(|attempt| attempt.status).collect();
        let expected: Vec<_> = status.into_iter().map(Some).collect();
        assert_eq!((now.state, told), (state, expected), "{}", delivery.body);
    }
    // What was given back is anybody's, and the other one is still taken on.
    let again = claim(&store, 3_000, ALL).await;
    assert_eq!(again.iter().map(|delivery| delivery.body.as_str()).collect::<Vec<_>>(), ["4"]);

    if !place.is_file() {
        // The first may have gone ahead.
        let commits = place.count(COMMITS).await;
        assert!(commits <= 2, "{commits} commits");
    }
}

async fn how_an_endpoint_fares_follows_the_order_of_the_ends(place: Place) {
    let store = place.store().await;
    let mut accounts = Vec::new();
    for (name, failures) in [("ada", 0), ("bob", 1), ("eve", 6)] {
        let id = with_deliveries(&store, name, &BODIES[..6]).await;
        let claimed = claim(&store, START, ALL).await;
        accounts.push((id, failures, claimed));
    }
    let retry = || AttemptEnd::Retry(at(9_000));
    let mut endings = Vec::new();
    for n in 0..6 {
        // Ada's last attempt succeeds, the one of Bob fails, and all of Eve's do.
        let ends = [
            if n == 5 { AttemptEnd::Delivered } else { retry() },
            if n == 5 { retry() } else { AttemptEnd::Delivered },
            retry(),
        ];
        // In another order than the one in which they are locked.
        let others = accounts.iter().zip(ends).rev();
        endings.extend(others.map(|((_, _, claimed), end)| ending(&claimed[5 - n], end)));
    }
    for ended in end_at_once(&place, &store, &endings).await {
        assert!(ended.unwrap());
    }
    for (id, failures, _) in &accounts {
        let health = store.endpoint_health(id).await.unwrap();
        assert_eq!(health.failures_in_a_row, *failures);
        assert_eq!(health.failing_since.is_some(), *failures > 0);
    }
    // Eve's endpoint is left alone after so many, the one of Bob is not.
    let (bob, eve) = (&accounts[1].0, &accounts[2].0);
    take_in(&store, vec![message(bob, "new"), message(eve, "new")]).await;
    let due = claim(&store, 3_000, ALL).await;
    assert_eq!(due.iter().map(|delivery| &delivery.account).collect::<Vec<_>>(), [bob]);
}

async fn one_end_that_is_refused_keeps_nobody_out(place: Place) {
    let store = place.store().await;
    let ada = with_deliveries(&store, "ada", &BODIES).await;
    place
        .execute(if place.is_file() {
            "CREATE TRIGGER refuse BEFORE INSERT ON delivery_attempts WHEN NEW.status = 418
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        } else {
            "ALTER TABLE delivery_attempts ADD CHECK (status <> 418)"
        })
        .await;
    let claimed = claim(&store, START, ALL).await;
    let mut endings: Vec<_> =
        claimed.iter().map(|delivery| ending(delivery, AttemptEnd::Delivered)).collect();
    endings[5].attempt = Some(attempt(2_000, 418));
    for (n, ended) in end_at_once(&place, &store, &endings).await.into_iter().enumerate() {
        match ended {
            Ok(ended) => assert!(ended && n != 5, "{n}"),
            Err(error) => assert!(matches!(error, StoreError::Query(_)) && n == 5, "{error}"),
        }
    }
    let pending = list(&store, &ada, Some(DeliveryState::Pending)).await;
    let pending: Vec<_> =
        pending.iter().map(|delivery| (&delivery.id, delivery.attempts)).collect();
    assert_eq!(pending, [(&claimed[5].id, 0)]);
    assert!(end(&store, &claimed[5], AttemptEnd::Delivered, 3_000).await);
}

async fn two_nodes_that_end_attempts_at_the_same_endpoints_are_not_in_each_others_way(
    place: Place,
) {
    let stores = [place.store().await, place.store().await];
    let mut accounts = Vec::new();
    for name in ["ada", "bob", "eve"] {
        accounts.push(with_deliveries(&stores[0], name, &BODIES).await);
    }
    let claimed = claim(&stores[0], START, ALL).await;
    // Each node has some of every account, one in one order and the other in the other.
    let endings = claimed.iter().map(|delivery| ending(delivery, AttemptEnd::Retry(at(9_000))));
    let endings: Vec<_> = endings.collect();
    let one = endings.iter().step_by(2).map(|ending| stores[0].end_attempt(ending));
    let other = endings.iter().rev().step_by(2).map(|ending| stores[1].end_attempt(ending));
    let both = async { tokio::join!(join_all(one), join_all(other)) };
    let (one, other) = place.gathered(LOCK, both).await;
    for ended in one.into_iter().chain(other) {
        assert!(ended.unwrap());
    }
    for id in &accounts {
        assert_eq!(stores[1].endpoint_health(id).await.unwrap().failures_in_a_row, 12);
    }
}

async fn endpoints_that_are_disabled_in_one_group_are_audited_each(place: Place) {
    let store = place.store().await;
    let mut accounts = Vec::new();
    for name in ["ada", "bob", "eve"] {
        accounts.push(with_deliveries(&store, name, &BODIES[..3]).await);
    }
    let claimed = claim(&store, START, ALL).await;
    let ends = claimed.iter().map(|delivery| {
        let well = delivery.account == accounts[1];
        ending(delivery, if well { AttemptEnd::Delivered } else { AttemptEnd::Disable("gone") })
    });
    for ended in end_at_once(&place, &store, &ends.collect::<Vec<_>>()).await {
        assert!(ended.unwrap());
    }
    for (id, times) in accounts.iter().zip([1, 0, 1]) {
        let health = store.endpoint_health(id).await.unwrap();
        assert_eq!(health.disabled, (times > 0).then(|| (at(2_000), "gone".to_owned())));
        let entries = store.audit_entries(Some(id), None, ALL).await.unwrap();
        let told = entries.iter().filter(|entry| entry.action == "endpoint.disabled").count();
        assert_eq!(told, times);
    }
}

async fn whoever_has_to_wait_keeps_nobody_out(place: Place) {
    // SQLite has one writer: all wait, or none.
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let (ada, bob) = (
        with_deliveries(&store, "ada", &BODIES[..8]).await,
        with_deliveries(&store, "bob", &["of bob"]).await,
    );
    let claimed = claim(&store, START, ALL).await;
    assert_eq!(claimed.len(), 9);
    let endings: Vec<_> =
        claimed.iter().map(|delivery| ending(delivery, AttemptEnd::Delivered)).collect();
    let mut other = place.raw().await;
    other
        .execute(
            "BEGIN; SELECT d.id FROM deliveries d JOIN accounts a ON a.id = d.account_id
             WHERE a.email = 'bob@example.com' FOR UPDATE OF d",
        )
        .await;
    let ends = join_all(endings.iter().map(|ending| store.end_attempt(ending))).await;
    for (delivery, ended) in claimed.iter().zip(ends) {
        match ended {
            Ok(ended) => assert!(ended && delivery.account == ada),
            Err(StoreError::Unavailable(_)) => assert_eq!(delivery.account, bob),
            Err(error) => panic!("{error}"),
        }
    }
    other.execute("ROLLBACK").await;
    let of_bob = claimed.iter().zip(&endings).find(|(delivery, _)| delivery.account == bob);
    assert!(store.end_attempt(of_bob.unwrap().1).await.unwrap());
}
