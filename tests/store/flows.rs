//! Flows: what is kept of them, and how they are searched.

use avenping_gateway::model::{AccountId, FlowSnapshot};
use avenping_gateway::store::{Store, StoreError};

use crate::fixtures::{START, at, flow, graph_id, join};
use crate::harness::{Place, cases};

cases![
    a_flow_is_read_back_as_graph_told_of_it,
    a_flow_that_did_not_change_keeps_its_updated_at,
    any_change_moves_updated_at_and_leaves_created_at,
    a_flow_belongs_to_its_account_alone,
    flows_come_with_the_last_change_first_and_by_id_among_equals,
    a_search_looks_for_a_part_of_the_name_in_any_letter_case,
    a_search_looks_for_the_whole_status_in_upper_case,
    percent_and_underscore_stand_for_themselves,
    a_flow_told_of_twice_is_kept_as_told_last,
    flows_saved_at_once_in_any_order_are_all_kept,
    nobody_has_no_flows,
];

async fn names(store: &Store, account: &AccountId, query: Option<&str>) -> Vec<String> {
    let found = store.search_flows(account, query, 100).await.unwrap();
    found.into_iter().map(|record| record.flow.name).collect()
}

async fn a_flow_is_read_back_as_graph_told_of_it(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let faulty = FlowSnapshot {
        validation: r#"[{"error":"MISSING \"x\"","line":1}]"#.to_owned(),
        ..flow("1", "Lead", "DRAFT")
    };
    store.save_flows(&id, std::slice::from_ref(&faulty), at(START)).await.unwrap();

    let found = store.search_flows(&id, None, 100).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].flow, faulty);
    assert_eq!(found[0].account_id, id);
    assert_eq!((found[0].created_at, found[0].updated_at), (at(START), at(START)));
    assert_eq!(found[0].recipients, 0);
}

async fn a_flow_that_did_not_change_keeps_its_updated_at(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for now in [1_000, 2_000] {
        store.save_flows(&id, &[flow("1", "Lead", "DRAFT")], at(now)).await.unwrap();
    }
    store.save_flows(&id, &[], at(3_000)).await.unwrap();
    let found = store.search_flows(&id, None, 100).await.unwrap();
    assert_eq!(found[0].updated_at, at(1_000));
}

async fn any_change_moves_updated_at_and_leaves_created_at(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [
        flow("1", "Lead", "DRAFT"),
        flow("1", "Leads", "DRAFT"),
        flow("1", "Leads", "PUBLISHED"),
        FlowSnapshot { validation: "[1]".to_owned(), ..flow("1", "Leads", "PUBLISHED") },
    ];
    for (now, told) in (1_000..).zip(&told) {
        store.save_flows(&id, std::slice::from_ref(told), at(now)).await.unwrap();
        let found = store.search_flows(&id, None, 100).await.unwrap();
        assert_eq!(found[0].flow, *told);
        assert_eq!((found[0].created_at, found[0].updated_at), (at(1_000), at(now)));
    }
    assert!(names(&store, &id, Some("leads")).await.len() == 1, "the new name is searched");
}

async fn a_flow_belongs_to_its_account_alone(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    store.save_flows(&ada, &[flow("1", "Lead", "DRAFT")], at(START)).await.unwrap();
    assert!(store.has_flow(&ada, &graph_id("1")).await.unwrap());
    assert!(!store.has_flow(&ada, &graph_id("2")).await.unwrap());
    assert!(!store.has_flow(&bob, &graph_id("1")).await.unwrap());
    assert!(names(&store, &bob, None).await.is_empty());
    assert!(names(&store, &bob, Some("DRAFT")).await.is_empty());
}

async fn flows_come_with_the_last_change_first_and_by_id_among_equals(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [flow("b1", "b", "DRAFT"), flow("B2", "B", "DRAFT"), flow("_1", "_", "DRAFT")];
    store.save_flows(&id, &told, at(1_000)).await.unwrap();
    store.save_flows(&id, &[flow("z9", "z", "DRAFT")], at(2_000)).await.unwrap();

    assert_eq!(names(&store, &id, None).await, ["z", "B", "_", "b"]);
    assert_eq!(names(&store, &id, Some("draft")).await, ["z", "B", "_", "b"]);
    assert_eq!(store.search_flows(&id, None, 2).await.unwrap().len(), 2);
    assert_eq!(store.search_flows(&id, Some("draft"), 3).await.unwrap().len(), 3);
    assert!(store.search_flows(&id, None, 0).await.unwrap().is_empty());
}

async fn a_search_looks_for_a_part_of_the_name_in_any_letter_case(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [flow("1", "Übersicht ΟΔΟΣ", "DRAFT"), flow("2", "Lead Form", "DRAFT")];
    store.save_flows(&id, &told, at(START)).await.unwrap();
    for query in ["übersicht", "ÜBERSICHT", "οδος", "Sicht ο"] {
        assert_eq!(names(&store, &id, Some(query)).await, ["Übersicht ΟΔΟΣ"], "{query}");
    }
    assert_eq!(names(&store, &id, Some("D f")).await, ["Lead Form"]);
    assert!(names(&store, &id, Some("Lead  Form")).await.is_empty());
    assert_eq!(names(&store, &id, Some("")).await.len(), 2);
}

async fn a_search_looks_for_the_whole_status_in_upper_case(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [flow("1", "one", "PUBLISHED"), flow("2", "two", "DRAFT")];
    store.save_flows(&id, &told, at(START)).await.unwrap();
    assert_eq!(names(&store, &id, Some("published")).await, ["one"]);
    assert!(names(&store, &id, Some("PUBLISH")).await.is_empty());
}

async fn percent_and_underscore_stand_for_themselves(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [
        flow("1", "100% sure", "DRAFT"),
        flow("2", "snake_case", "DRAFT"),
        flow("3", "back\\slash 'n' \"quote\"", "DRAFT"),
    ];
    store.save_flows(&id, &told, at(START)).await.unwrap();
    assert_eq!(names(&store, &id, Some("%")).await, ["100% sure"]);
    assert_eq!(names(&store, &id, Some("e_c")).await, ["snake_case"]);
    assert_eq!(names(&store, &id, Some(r"k\s")).await.len(), 1);
    assert_eq!(names(&store, &id, Some("'n'")).await.len(), 1);
    assert!(names(&store, &id, Some("1%sure")).await.is_empty());
}

async fn a_flow_told_of_twice_is_kept_as_told_last(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let told = [flow("1", "first", "DRAFT"), flow("1", "last", "DRAFT")];
    store.save_flows(&id, &told, at(START)).await.unwrap();
    assert_eq!(names(&store, &id, None).await, ["last"]);
}

async fn flows_saved_at_once_in_any_order_are_all_kept(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&here, "ada").await;
    let mut told: Vec<_> = (1..=20).map(|n| flow(&n.to_string(), "Lead", "DRAFT")).collect();
    let forwards = told.clone();
    told.reverse();
    let (one, other) = tokio::join!(
        here.save_flows(&id, &forwards, at(1_000)),
        there.save_flows(&id, &told, at(1_000)),
    );
    one.unwrap();
    other.unwrap();
    assert_eq!(names(&here, &id, None).await.len(), 20);
}

async fn nobody_has_no_flows(place: Place) {
    let store = place.store().await;
    let nobody = AccountId::generate();
    let refused = store.save_flows(&nobody, &[flow("1", "Lead", "DRAFT")], at(START)).await;
    assert!(matches!(refused, Err(StoreError::NoAccount)), "{refused:?}");
    assert!(!store.has_flow(&nobody, &graph_id("1")).await.unwrap());
}
