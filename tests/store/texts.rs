//! Texts that mean something to a database, and the one that PostgreSQL cannot hold.

use avenping_gateway::model::WebhookChange;
use avenping_gateway::store::{AccountChange, StoreError};

use crate::fixtures::{BY, START, at, flow, join, newcomer, number, plan, read, token};
use crate::harness::{Place, cases};

cases![
    hostile_texts_come_back_as_they_were,
    hostile_texts_find_nobody,
    a_nul_is_refused_and_nothing_is_written,
    a_nul_in_a_change_leaves_everything_as_it_was,
    a_nul_finds_nothing,
];

const HOSTILE: &[&str] = &[
    "'; DROP TABLE accounts; --",
    r#""quoted" \ back\\slash"#,
    "100%_",
    "👩‍👩‍👧 ﷽ \u{202e}",
    "$1 ?1 :name @x {}",
    "line\nbreak\ttab\r\u{1}\u{7f}",
    "",
];

async fn hostile_texts_come_back_as_they_were(place: Place) {
    let store = place.store().await;
    for (nth, text) in HOSTILE.iter().enumerate() {
        let mut new = newcomer(&format!("n{nth}"));
        new.account.name = (*text).to_owned();
        new.account.plans = vec![plan(text, None)];
        new.account.phone_numbers = vec![number("111", text)];
        let mut whatsapp = new.account.whatsapp.take().unwrap();
        whatsapp.display_name = (*text).to_owned();
        new.account.whatsapp = Some(whatsapp);
        store.create_account(&new, &BY).await.unwrap();
        let id = new.account.id;
        store.save_flows(&id, &[flow("1", text, text)], at(START)).await.unwrap();

        let account = read(&store, &id).await;
        assert_eq!(account.name, *text);
        assert_eq!(account.plans, [plan(text, None)]);
        assert_eq!(account.phone_numbers, [number("111", text)]);
        assert_eq!(account.whatsapp.unwrap().display_name, *text);
        let found = store.search_flows(&id, Some(text), 10).await.unwrap();
        assert_eq!(found[0].flow, flow("1", text, text));
    }
}

async fn hostile_texts_find_nobody(place: Place) {
    let store = place.store().await;
    join(&store, "ada").await;
    for text in HOSTILE.iter().chain(&["%", "' OR '1'='1", "_da@example.com"]) {
        assert!(store.account(text).await.unwrap().is_none(), "{text:?} found somebody");
    }
}

async fn a_nul_is_refused_and_nothing_is_written(place: Place) {
    let store = place.store().await;
    let spoil: [fn(&mut avenping_gateway::model::Account); 5] = [
        |account| account.name.push('\0'),
        |account| account.email.push('\0'),
        |account| account.plans[2].name.push('\0'),
        |account| account.phone_numbers[1].number.push('\0'),
        |account| account.phone_numbers[1].name.push('\0'),
    ];
    for spoil in spoil {
        let mut new = newcomer("ada");
        spoil(&mut new.account);
        let refused = store.create_account(&new, &BY).await;
        assert!(matches!(refused, Err(StoreError::Nul(_))), "{refused:?}");
    }
    let mut new = newcomer("ada");
    new.token.last_four = "ab\0c".to_owned();
    assert!(matches!(store.create_account(&new, &BY).await, Err(StoreError::Nul(_))));

    for question in ["SELECT count(*) FROM accounts", "SELECT count(*) FROM phone_numbers"] {
        assert_eq!(place.count(question).await, 0, "{question}");
    }
}

async fn a_nul_in_a_change_leaves_everything_as_it_was(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let refused = [
        store
            .change_account(
                &id,
                &AccountChange {
                    suspended: Some(true),
                    add_numbers: vec![number("333", "good"), number("444", "ba\0d")],
                    ..Default::default()
                },
                &BY,
                at(START),
            )
            .await
            .err(),
        store
            .change_account(
                &id,
                &AccountChange {
                    suspended: Some(true),
                    primary_plan: Some(Some(plan("ba\0d", None))),
                    ..Default::default()
                },
                &BY,
                at(START),
            )
            .await
            .err(),
        store
            .save_flows(&id, &[flow("1", "good", "x"), flow("2", "ba\0d", "x")], at(START))
            .await
            .err(),
        store
            .change_webhook_config(
                &id,
                &WebhookChange { url: Some(Some("ba\0d".to_owned())), ..Default::default() },
                &"code".into(),
                &BY,
                at(START),
            )
            .await
            .err(),
        {
            let mut bad = token("new", START);
            bad.last_four = "ab\0c".to_owned();
            store.rotate_token(&id, &bad, None, &BY).await.err()
        },
    ];
    for refused in refused {
        assert!(matches!(refused, Some(StoreError::Nul(_))), "{refused:?}");
    }

    let account = read(&store, &id).await;
    assert!(!account.suspended);
    assert_eq!(account.phone_numbers.len(), 2);
    assert!(store.search_flows(&id, None, 10).await.unwrap().is_empty());
    assert_eq!(place.count("SELECT count(*) FROM webhook_configs").await, 0);
    assert_eq!(place.count("SELECT count(*) FROM api_tokens").await, 1);
}

async fn a_nul_finds_nothing(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.save_flows(&id, &[flow("1", "Lead", "DRAFT")], at(START)).await.unwrap();
    for text in ["\0", "ada@example.com\0", "Lead\0"] {
        assert!(store.account(text).await.unwrap().is_none());
        assert!(store.search_flows(&id, Some(text), 10).await.unwrap().is_empty());
    }
}
