//! The nodes on one database.

use std::time::Duration;

use crate::harness::{Place, cases};

cases![
    a_node_counts_itself_and_all_that_were_heard_of,
    a_node_that_was_not_heard_of_for_too_long_is_not_counted,
    a_node_that_leaves_is_not_counted,
    nodes_that_have_long_gone_are_forgotten,
    beats_at_once_are_all_counted,
];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MOMENT: Duration = Duration::from_millis(1);

async fn a_node_counts_itself_and_all_that_were_heard_of(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    assert_eq!(here.beat("one", DAY).await.unwrap(), 1);
    assert_eq!(here.beat("one", DAY).await.unwrap(), 1);
    assert_eq!(there.beat("other", DAY).await.unwrap(), 2);
    assert_eq!(here.beat("one", DAY).await.unwrap(), 2);
}

async fn a_node_that_was_not_heard_of_for_too_long_is_not_counted(place: Place) {
    let store = place.store().await;
    store.beat("other", DAY).await.unwrap();
    // Until a moment has passed.
    while store.beat("one", MOMENT).await.unwrap() > 1 {}
    // It may come back.
    store.beat("other", DAY).await.unwrap();
    assert_eq!(store.beat("one", DAY).await.unwrap(), 2);
}

async fn a_node_that_leaves_is_not_counted(place: Place) {
    let store = place.store().await;
    store.beat("other", DAY).await.unwrap();
    store.beat("one", DAY).await.unwrap();
    store.leave("other").await.unwrap();
    store.leave("nobody").await.unwrap();
    assert_eq!(store.beat("one", DAY).await.unwrap(), 1);
}

async fn nodes_that_have_long_gone_are_forgotten(place: Place) {
    let store = place.store().await;
    place.execute("INSERT INTO nodes (id, seen_at) VALUES ('old', 0)").await;
    store.beat("other", DAY).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM nodes").await, 1);
}

async fn beats_at_once_are_all_counted(place: Place) {
    let store = place.store().await;
    let names: Vec<String> = (0..8).map(|nth| format!("node-{nth}")).collect();
    let beats = names.iter().map(|name| store.beat(name, DAY));
    for beat in futures_util::future::join_all(beats).await {
        assert!((1..=8).contains(&beat.unwrap()));
    }
    assert_eq!(store.beat("node-0", DAY).await.unwrap(), 8);
}
