//! Changing an account.

use avenping_gateway::model::{AccountId, OwnRateLimits, Rate, RateLimit};
use avenping_gateway::store::AccountChange;

use crate::fixtures::{
    BY, META_TOKEN, START, add_on, at, graph_id, join, meta_token, newcomer, number, plan, read,
};
use crate::harness::{Place, cases};

cases![
    a_new_primary_plan_takes_the_place_of_the_old_one,
    a_primary_plan_can_be_taken_away_and_given_again,
    a_primary_plan_is_never_an_add_on,
    numbers_are_added_renamed_and_removed,
    a_number_that_is_removed_and_added_is_there_afterwards,
    a_new_meta_token_takes_the_place_of_the_old_one,
    rate_limits_of_its_own_are_set_and_given_up,
    what_a_change_does_not_name_stays_as_it_is,
    a_meta_token_without_a_whatsapp_account_undoes_the_whole_change,
    nobody_cannot_be_changed,
    changes_at_once_are_all_kept,
];

async fn a_new_primary_plan_takes_the_place_of_the_old_one(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let enterprise = plan("Enterprise", None);
    let change =
        AccountChange { primary_plan: Some(Some(enterprise.clone())), ..Default::default() };
    assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    let plans = read(&store, &id).await.plans;
    assert_eq!(plans, [add_on("Inbox"), enterprise, add_on("Storage")]);
}

async fn a_primary_plan_can_be_taken_away_and_given_again(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let take = AccountChange { primary_plan: Some(None), ..Default::default() };
    for _ in 0..2 {
        assert!(store.change_account(&id, &take, &BY, at(START)).await.unwrap());
        let account = read(&store, &id).await;
        assert_eq!(account.plans, [add_on("Inbox"), add_on("Storage")]);
    }

    let basic = plan("Basic", Some(1));
    let give = AccountChange { primary_plan: Some(Some(basic.clone())), ..Default::default() };
    assert!(store.change_account(&id, &give, &BY, at(START)).await.unwrap());
    assert_eq!(read(&store, &id).await.primary_plan(), Some(&basic));
}

async fn a_primary_plan_is_never_an_add_on(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let change = AccountChange { primary_plan: Some(Some(add_on("Odd"))), ..Default::default() };
    assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    assert_eq!(read(&store, &id).await.primary_plan().unwrap().name, "Odd");
}

async fn numbers_are_added_renamed_and_removed(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    let change = AccountChange {
        add_numbers: vec![number("333", "New"), number("222", "Support")],
        remove_numbers: vec![graph_id("111"), graph_id("999")],
        ..Default::default()
    };
    assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    let numbers = read(&store, &id).await.phone_numbers;
    assert_eq!(numbers, [number("222", "Support"), number("333", "New")]);
    let untouched = read(&store, &bob).await.phone_numbers;
    assert_eq!(untouched, [number("111", ""), number("222", "Sales")]);
}

async fn a_number_that_is_removed_and_added_is_there_afterwards(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let change = AccountChange {
        add_numbers: vec![number("111", "Again")],
        remove_numbers: vec![graph_id("111")],
        ..Default::default()
    };
    assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    assert_eq!(read(&store, &id).await.owned_number("111").unwrap().name, "Again");
}

async fn a_new_meta_token_takes_the_place_of_the_old_one(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let change = AccountChange { meta_token: Some("EAAG-new".into()), ..Default::default() };
    assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
    assert_eq!(meta_token(&read(&store, &id).await), Some("EAAG-new"));
}

async fn rate_limits_of_its_own_are_set_and_given_up(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    assert_eq!(read(&store, &id).await.rate_limits, OwnRateLimits::default());

    let limits = async |account, number| {
        let (rate_limit, number_rate_limit) = (account, number);
        let change = AccountChange { rate_limit, number_rate_limit, ..Default::default() };
        assert!(store.change_account(&id, &change, &BY, at(START)).await.unwrap());
        let OwnRateLimits { account, number } = read(&store, &id).await.rate_limits;
        (account, number)
    };
    let (rate, off) = (RateLimit::At(Rate::of(3_000, 60)), RateLimit::Off);
    assert_eq!(limits(Some(Some(rate)), None).await, (Some(rate), None));
    assert_eq!(limits(None, Some(Some(off))).await, (Some(rate), Some(off)));
    assert_eq!(limits(Some(None), None).await, (None, Some(off)));
    assert_eq!(limits(None, Some(None)).await, (None, None));
    assert_eq!(read(&store, &bob).await.rate_limits, OwnRateLimits::default());
}

async fn what_a_change_does_not_name_stays_as_it_is(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let suspend = AccountChange { suspended: Some(true), ..Default::default() };
    assert!(store.change_account(&id, &suspend, &BY, at(START)).await.unwrap());
    assert!(store.change_account(&id, &AccountChange::default(), &BY, at(START)).await.unwrap());

    let account = read(&store, &id).await;
    assert!(account.suspended);
    assert_eq!(account.plans.len(), 3);
    assert_eq!(account.phone_numbers.len(), 2);
    assert_eq!(meta_token(&account), Some(META_TOKEN));
}

async fn a_meta_token_without_a_whatsapp_account_undoes_the_whole_change(place: Place) {
    let store = place.store().await;
    let mut new = newcomer("ada");
    new.account.whatsapp = None;
    store.create_account(&new, &BY).await.unwrap();
    let change = AccountChange {
        meta_token: Some("EAAG-new".into()),
        suspended: Some(true),
        remove_numbers: vec![graph_id("111")],
        ..Default::default()
    };
    assert!(!store.change_account(&new.account.id, &change, &BY, at(START)).await.unwrap());
    let account = read(&store, &new.account.id).await;
    assert!(!account.suspended);
    assert_eq!(account.phone_numbers.len(), 2);
}

async fn nobody_cannot_be_changed(place: Place) {
    let store = place.store().await;
    let nobody = AccountId::generate();
    let change = AccountChange { suspended: Some(true), ..Default::default() };
    assert!(!store.change_account(&nobody, &change, &BY, at(START)).await.unwrap());
}

async fn changes_at_once_are_all_kept(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&here, "ada").await;
    let take = AccountChange { primary_plan: Some(None), ..Default::default() };
    here.change_account(&id, &take, &BY, at(START)).await.unwrap();

    let give = |name: &str, number_id: &str| AccountChange {
        primary_plan: Some(Some(plan(name, None))),
        add_numbers: vec![number(number_id, name)],
        ..Default::default()
    };
    let (one, other) = (give("One", "771"), give("Other", "772"));
    let (one, other) = tokio::join!(
        here.change_account(&id, &one, &BY, at(START)),
        there.change_account(&id, &other, &BY, at(START))
    );
    assert!(one.unwrap() && other.unwrap());

    let account = read(&here, &id).await;
    let primary: Vec<_> = account.plans.iter().filter(|plan| !plan.add_on).collect();
    assert_eq!(primary.len(), 1);
    assert!(account.owned_number("771").is_some() && account.owned_number("772").is_some());
}
