//! Listing accounts, for scripts and for people.

use std::collections::BTreeSet;
use std::process::Stdio;

use avenping_gateway::model::{
    Account, AccountId, Actor, ApiToken, NewAccount, OwnRateLimits, Timestamp,
};
use avenping_gateway::store::Store;
use serde_json::json;

use crate::place::{ADA, Place};

#[test]
fn the_list_is_an_array_for_scripts_and_a_table_for_people() {
    let place = Place::new();
    let made = place.ada();
    let table = place.run(&["account", "list"]);
    assert!(table.stdout.contains(&format!("\n{ADA}  Ada  ")), "{}", table.stdout);
    place.account(&["--name=Bo", "--email=an.address.quite.long@example.com"]);
    let table = place.run(&["account", "list"]);
    assert!(table.says("\nan.address.quite.long@example.com  Bo  "), "{}", table.stdout);

    let name = "Somebody whose name is longer than any terminal should have to put up with";
    place.account(&["--name", name, "--email=somebody.with.a.long.address@mail.example.com"]);

    let list = place.json(&["account", "list", "--json"]);
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|one| &one["user"]["id"]).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], &json!(made.id));

    let table = place.run(&["account", "list"]);
    table.assert_code(0);
    assert!(table.says(ADA) && table.says("2999-12-31") && table.says("no plan"));
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{}", table.stdout);
    assert!(!table.says("\u{1b}"), "colours in a pipe");
}

#[tokio::test]
async fn the_list_has_every_account_however_many_there_are() {
    let place = Place::new();
    let first = place.ada().id;
    let store = place.store().await;
    for number in 0..100 {
        crowd(&store, number).await;
    }
    store.close().await;
    let list = place.json(&["account", "list", "--json"]);
    let list = list.as_array().unwrap();
    let ids: BTreeSet<_> = list.iter().map(|one| one["user"]["id"].as_str().unwrap()).collect();
    assert_eq!((list.len(), ids.len()), (101, 101));
    assert_eq!(ids.first(), Some(&first.as_str()));
}

async fn crowd(store: &Store, number: usize) {
    let created_at = Timestamp::from_millis(0);
    let account = Account {
        id: AccountId::generate(),
        name: format!("Number {number}"),
        email: format!("{number}@example.com"),
        suspended: false,
        plans: Vec::new(),
        whatsapp: None,
        phone_numbers: Vec::new(),
        rate_limits: OwnRateLimits::default(),
        created_at,
    };
    let token = ApiToken::generate().unwrap().to_store(created_at);
    store.create_account(&NewAccount { account, token }, &Actor::cli("tester")).await.unwrap();
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let place = Place::new();
    place.ada();
    let mut program = place.program(&["account", "list"]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}
