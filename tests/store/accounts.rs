//! Opening, finding and deleting accounts.

use avenping_gateway::model::{Account, AccountId, OwnRateLimits, Rate, RateLimit, WebhookChange};
use avenping_gateway::store::{AccountChange, AttemptEnd, Store, StoreError};

use crate::fixtures::{
    BY, META_TOKEN, START, add_on, at, digest, flow, graph_id, join, meta_token, newcomer, number,
    opens, plan, read, token,
};
use crate::harness::{Place, cases};
use crate::posts::{ALL, claim, end, message_from, take_in};

cases![
    a_new_account_is_read_back_as_it_was_written,
    an_account_may_have_nothing_but_a_name,
    an_email_is_found_in_any_letter_case_and_kept_in_lower_case,
    a_taken_email_is_refused_in_any_letter_case_and_nothing_is_written,
    a_taken_token_is_refused_and_nothing_is_written,
    of_two_accounts_opened_at_once_with_one_email_one_is_refused,
    accounts_are_listed_in_the_order_of_their_ids_page_by_page,
    an_account_may_come_with_limits_of_its_own,
    a_token_finds_its_own_account_with_all_that_belongs_to_it,
    a_token_tells_when_it_ends,
    whatever_changes_what_a_token_opens_is_counted,
    a_suspended_account_is_still_found_by_its_token,
    two_accounts_may_have_the_same_number,
    deletion_removes_everything_and_frees_the_email_and_the_token,
];

async fn found_by(store: &Store, name: &str) -> Account {
    store.account_by_token(&digest(name), at(START)).await.unwrap().unwrap().account
}

async fn a_new_account_is_read_back_as_it_was_written(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;

    let account = read(&store, &id).await;
    assert_eq!(account.id, id);
    assert_eq!(account.name, "ada");
    assert_eq!(account.email, "ada@example.com");
    assert!(!account.suspended);
    let plans = [add_on("Inbox"), plan("Premium", Some(9_000)), add_on("Storage")];
    assert_eq!(account.plans, plans);
    assert_eq!(account.phone_numbers, [number("111", ""), number("222", "Sales")]);
    assert_eq!(account.created_at, at(START));
    assert_eq!(meta_token(&account), Some(META_TOKEN));
    let whatsapp = account.whatsapp.unwrap();
    assert_eq!(whatsapp.id, "whatsapp-ada");
    assert_eq!(whatsapp.waba_id.as_str(), "77001");
    assert_eq!(whatsapp.display_name, "ada Ltd");
}

async fn an_account_may_have_nothing_but_a_name(place: Place) {
    let store = place.store().await;
    let mut bare = newcomer("ada");
    bare.account.plans = vec![plan("Premium", None)];
    bare.account.whatsapp = None;
    bare.account.phone_numbers.clear();
    store.create_account(&bare, &BY).await.unwrap();

    let account = read(&store, &bare.account.id).await;
    assert_eq!(account.plans, [plan("Premium", None)]);
    assert!(account.whatsapp.is_none());
    assert!(account.phone_numbers.is_empty());
}

async fn an_email_is_found_in_any_letter_case_and_kept_in_lower_case(place: Place) {
    let store = place.store().await;
    let mut new = newcomer("ada");
    new.account.email = "Ada.ÄRGER@Example.COM".to_owned();
    store.create_account(&new, &BY).await.unwrap();

    for email in ["ada.ärger@example.com", "ADA.ÄRGER@EXAMPLE.COM", "Ada.ÄRGER@Example.COM"] {
        let found = store.account(email).await.unwrap().expect(email);
        assert_eq!(found.id, new.account.id);
        assert_eq!(found.email, "ada.ärger@example.com");
    }
    assert!(store.account("ada").await.unwrap().is_none());
}

async fn a_taken_email_is_refused_in_any_letter_case_and_nothing_is_written(place: Place) {
    let store = place.store().await;
    join(&store, "ada").await;
    let mut late = newcomer("late");
    late.account.email = "ADA@example.com".to_owned();

    let refused = store.create_account(&late, &BY).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))), "{refused:?}");
    assert!(!opens(&store, "late", START).await);
    assert_eq!(place.count("SELECT count(*) FROM plans").await, 3);
}

async fn a_taken_token_is_refused_and_nothing_is_written(place: Place) {
    let store = place.store().await;
    join(&store, "ada").await;
    let mut late = newcomer("late");
    late.token = token("ada", START);

    let refused = store.create_account(&late, &BY).await;
    assert!(matches!(refused, Err(StoreError::Taken("API token"))), "{refused:?}");
    assert!(store.account("late@example.com").await.unwrap().is_none());
    assert_eq!(place.count("SELECT count(*) FROM phone_numbers").await, 2);
}

async fn of_two_accounts_opened_at_once_with_one_email_one_is_refused(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let (mut one, mut other) = (newcomer("one"), newcomer("other"));
    one.account.email = "same@example.com".to_owned();
    other.account.email = "same@example.com".to_owned();

    let (one, other) =
        tokio::join!(here.create_account(&one, &BY), there.create_account(&other, &BY));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = one.and(other);
    assert!(matches!(refused, Err(StoreError::Taken("email"))), "{refused:?}");
    assert_eq!(place.count("SELECT count(*) FROM accounts").await, 1);
}

async fn accounts_are_listed_in_the_order_of_their_ids_page_by_page(place: Place) {
    let store = place.store().await;
    // Ids that a language's own order would put elsewhere.
    for id in ["b-1", "B-2", "a1", "a-2", "_"] {
        let mut new = newcomer(id);
        new.account.id = AccountId::from_stored(id.to_owned());
        store.create_account(&new, &BY).await.unwrap();
    }

    let mut seen: Vec<String> = Vec::new();
    let mut after = None;
    loop {
        let page = store.accounts(after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        assert!(page.iter().all(|account| account.phone_numbers.len() == 2));
        seen.extend(page.into_iter().map(|account| account.id.to_string()));
    }
    assert_eq!(seen, ["B-2", "_", "a-2", "a1", "b-1"]);
}

async fn an_account_may_come_with_limits_of_its_own(place: Place) {
    let store = place.store().await;
    let mut new = newcomer("ada");
    let limits = OwnRateLimits {
        account: Some(RateLimit::At(Rate::of(1_000_000, 86_400))),
        number: Some(RateLimit::Off),
    };
    new.account.rate_limits = limits;
    store.create_account(&new, &BY).await.unwrap();
    assert_eq!(read(&store, &new.account.id).await.rate_limits, limits);
    let found = found_by(&store, "ada").await;
    assert_eq!(found.rate_limits, limits);
}

async fn a_token_finds_its_own_account_with_all_that_belongs_to_it(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    let bob = join(&store, "bob").await;

    for (name, id) in [("ada", ada), ("bob", bob)] {
        let found = found_by(&store, name).await;
        assert_eq!(found.id, id);
        assert_eq!(found.plans.len(), 3);
        assert_eq!(found.phone_numbers.len(), 2);
        assert_eq!(meta_token(&found), Some(META_TOKEN));
    }
    assert!(!opens(&store, "eve", START).await);
}

async fn a_token_tells_when_it_ends(place: Place) {
    let store = place.store().await;
    let id = join(&store, "old").await;
    let ends_at = async |name| {
        store.account_by_token(&digest(name), at(START)).await.unwrap().unwrap().token_ends_at
    };
    assert_eq!(ends_at("old").await, None);
    let rotated = store.rotate_token(&id, &token("new", START), Some(at(9_000)), &BY).await;
    assert!(rotated.unwrap());
    assert_eq!(ends_at("old").await, Some(at(9_000)));
    assert_eq!(ends_at("new").await, None);
}

async fn whatever_changes_what_a_token_opens_is_counted(place: Place) {
    // As another node sees it.
    let (store, elsewhere) = (place.store().await, place.store().await);
    let mut last = elsewhere.account_changes().await.unwrap();
    let mut counted = async |what: &str| {
        let now = elsewhere.account_changes().await.unwrap();
        assert_ne!(now, last, "{what}");
        last = now;
    };
    let id = join(&store, "ada").await;
    counted("a new account").await;
    let at_most = Some(Some(RateLimit::At(Rate::of(1, 1))));
    let changes = [
        AccountChange { primary_plan: Some(None), ..Default::default() },
        AccountChange { meta_token: Some("EAAG-new".into()), ..Default::default() },
        AccountChange { add_numbers: vec![number("333", "")], ..Default::default() },
        AccountChange { remove_numbers: vec![graph_id("333")], ..Default::default() },
        AccountChange { suspended: Some(true), ..Default::default() },
        AccountChange { rate_limit: at_most, ..Default::default() },
        AccountChange { number_rate_limit: at_most, ..Default::default() },
    ];
    for change in changes {
        assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
        counted(&format!("{change:?}")).await;
    }
    let end = Some(at(9_000));
    assert!(store.rotate_token(&id, &token("new", START), end, &BY).await.unwrap());
    counted("a token is rotated").await;
    assert_eq!(store.revoke_tokens(&id, &BY, at(START)).await.unwrap(), 2);
    counted("tokens are revoked").await;
    assert!(store.delete_account(&id, &BY, at(START)).await.unwrap());
    counted("the account is deleted").await;
}

async fn a_suspended_account_is_still_found_by_its_token(place: Place) {
    let store = place.store().await;
    let mut new = newcomer("ada");
    new.account.suspended = true;
    store.create_account(&new, &BY).await.unwrap();
    let found = found_by(&store, "ada").await;
    assert!(found.suspended);
}

async fn two_accounts_may_have_the_same_number(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    for id in [ada, bob] {
        assert!(read(&store, &id).await.owned_number("111").is_some());
    }
}

async fn deletion_removes_everything_and_frees_the_email_and_the_token(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    for id in [&ada, &bob] {
        store.save_flows(id, &[flow("1", "Lead", "DRAFT")], at(START)).await.unwrap();
        let (none, code) = (WebhookChange::default(), "code".into());
        store.change_webhook_config(id, &none, &code, &BY, at(START)).await.unwrap();
        take_in(&store, vec![message_from(id, "one", "eve")]).await;
        let claimed = claim(&store, START, 1).await;
        assert!(end(&store, &claimed[0], AttemptEnd::Retry(at(2_000)), START).await);
        assert_eq!(claim(&store, START, ALL).await.len(), 1);
    }

    assert!(store.delete_account(&ada, &BY, at(START)).await.unwrap());
    assert!(!store.delete_account(&ada, &BY, at(START)).await.unwrap());
    assert!(store.account(ada.as_str()).await.unwrap().is_none());
    let tables = [
        ("SELECT count(*) FROM accounts", 1),
        ("SELECT count(*) FROM plans", 3),
        ("SELECT count(*) FROM whatsapp_accounts", 1),
        ("SELECT count(*) FROM phone_numbers", 2),
        ("SELECT count(*) FROM api_tokens", 1),
        ("SELECT count(*) FROM flows", 1),
        ("SELECT count(*) FROM webhook_configs", 1),
        ("SELECT count(*) FROM inbound_seen", 1),
        ("SELECT count(*) FROM contacts", 1),
        ("SELECT count(*) FROM events", 2),
        ("SELECT count(*) FROM deliveries", 2),
        ("SELECT count(*) FROM delivery_attempts", 1),
        ("SELECT count(*) FROM endpoint_health", 1),
    ];
    for (question, left) in tables {
        assert_eq!(place.count(question).await, left, "{question}");
    }
    assert_eq!(read(&store, &bob).await.plans.len(), 3);
    join(&store, "ada").await;
}
