//! What is written down of changes: who, when, what; and in the commit of the change.

use avenping_gateway::model::{
    AccountId, Actor, AuditEntry, DeliveryState, Rate, RateLimit, WebhookEvent, Who,
};
use avenping_gateway::store::{AccountChange, AttemptEnd, AuditChain, SealedRows, Store};
use serde_json::{Value, json};

use crate::fixtures::{BY, START, at, graph_id, join, newcomer, number, plan, token};
use crate::harness::{Place, cases};
use crate::posts::{claim, claim_one, end, list, message, point, post, with_deliveries};
use crate::webhooks::{about, to};

cases![
    an_entry_tells_who_when_what_and_to_whom,
    an_account_is_made_with_its_token,
    each_change_of_an_account_is_told_once,
    what_changes_nothing_is_not_told,
    tokens_are_told_of_by_their_last_four,
    webhook_settings_are_told_without_paths_and_codes,
    an_endpoint_is_disabled_once_by_the_gateway_and_enabled_by_whoever_does_it,
    redeliveries_are_told_with_their_bounds_and_count,
    a_change_of_keys_is_told_in_each_step,
    entries_outlive_their_account,
    what_fails_leaves_no_entry,
    entries_are_listed_newest_first_page_by_page_and_by_account,
    whoever_reads_the_entries_learns_no_secret,
];

/// A caller of the API.
fn caller() -> Actor {
    Actor {
        who: Who::Token("aB3x".to_owned()),
        address: Some("203.0.113.9".parse().unwrap()),
        request_id: Some("request-1".to_owned()),
    }
}

async fn all(store: &Store) -> Vec<AuditEntry> {
    store.audit_entries(None, None, 1_000).await.unwrap()
}

/// What was done since entry number `id`, in its order, with its details.
async fn done_since(store: &Store, id: i64) -> Vec<(String, Value)> {
    let entries = store.audit_entries_since(id, 1_000).await.unwrap();
    let told = |entry: AuditEntry| (entry.action, serde_json::from_str(&entry.details).unwrap());
    entries.into_iter().map(told).collect()
}

async fn last(store: &Store) -> i64 {
    store.audit_head().await.unwrap().id
}

fn told(deeds: &[(&str, Value)]) -> Vec<(String, Value)> {
    deeds.iter().map(|(action, details)| ((*action).to_owned(), details.clone())).collect()
}

async fn change(store: &Store, id: &AccountId, change: AccountChange) {
    assert!(store.change_account(id, &change, &BY, at(2_000)).await.unwrap());
}

async fn an_entry_tells_who_when_what_and_to_whom(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.revoke_tokens(&id, &caller(), at(5_000)).await.unwrap();
    store.delete_account(&id, &Actor::cli("root"), at(6_000)).await.unwrap();

    let entries = all(&store).await;
    let [deleted, revoked, ..] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((revoked.id, revoked.at), (3, at(5_000)));
    assert_eq!((revoked.actor.as_str(), revoked.actor_name.as_deref()), ("token", Some("aB3x")));
    assert_eq!(revoked.address.as_deref(), Some("203.0.113.9"));
    assert_eq!(revoked.request_id.as_deref(), Some("request-1"));
    assert_eq!((revoked.account.as_ref(), revoked.action.as_str()), (Some(&id), "token.revoked"));
    assert_eq!((revoked.hash.len(), &revoked.hash), (64, &deleted.previous_hash));

    assert_eq!((deleted.id, deleted.at), (4, at(6_000)));
    assert_eq!((deleted.actor.as_str(), deleted.actor_name.as_deref()), ("cli", Some("root")));
    assert_eq!((&deleted.address, &deleted.request_id), (&None, &None));
    assert_eq!(deleted.action, "account.deleted");
    assert!(matches!(store.check_audit_chain().await.unwrap(), AuditChain::Holds(h) if h.id == 4));
}

async fn an_account_is_made_with_its_token(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let created = json!({
        "plan": { "name": "Premium", "ends": "1970-01-01T00:00:09.000Z" },
        "addOns": ["Inbox", "Storage"],
        "wabaId": "77001",
        "metaToken": true,
        "phoneNumberIds": ["222", "111"],
    });
    let expected =
        told(&[("account.created", created), ("token.created", json!({ "token": "-ada" }))]);
    assert_eq!(done_since(&store, 0).await, expected);
    let entries = all(&store).await;
    assert!(entries.iter().all(|entry| entry.account.as_ref() == Some(&id)));
    assert!(entries.iter().all(|entry| entry.at == at(START) && entry.actor == "gateway"));
}

async fn each_change_of_an_account_is_told_once(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let start = last(&store).await;
    let set = async |set: AccountChange| change(&store, &id, set).await;
    set(AccountChange { suspended: Some(true), ..Default::default() }).await;
    set(AccountChange { suspended: Some(false), ..Default::default() }).await;
    set(AccountChange { meta_token: Some("EAAG-new".into()), ..Default::default() }).await;
    let basic = plan("Basic", None);
    set(AccountChange { primary_plan: Some(Some(basic)), ..Default::default() }).await;
    set(AccountChange { primary_plan: Some(None), ..Default::default() }).await;
    set(AccountChange {
        add_numbers: vec![number("333", ""), number("222", "New"), number("111", "")],
        remove_numbers: vec![graph_id("111"), graph_id("999")],
        ..Default::default()
    })
    .await;
    set(AccountChange { remove_numbers: vec![graph_id("333")], ..Default::default() }).await;
    let hourly = RateLimit::At(Rate::of(5, 3_600));
    set(AccountChange { rate_limit: Some(Some(hourly)), ..Default::default() }).await;
    set(AccountChange {
        rate_limit: Some(None),
        number_rate_limit: Some(Some(RateLimit::Off)),
        ..Default::default()
    })
    .await;

    let premium = json!({ "name": "Premium", "ends": "1970-01-01T00:00:09.000Z" });
    let basic = json!({ "name": "Basic", "ends": null });
    let expected = told(&[
        ("account.suspended", json!({})),
        ("account.resumed", json!({})),
        ("metaToken.changed", json!({})),
        ("plan.changed", json!({ "from": premium, "to": basic })),
        ("plan.changed", json!({ "from": basic, "to": null })),
        ("numbers.changed", json!({ "added": ["333"], "changed": ["222"], "removed": [] })),
        ("numbers.changed", json!({ "added": [], "changed": [], "removed": ["333"] })),
        ("limits.changed", json!({ "account": { "from": null, "to": "5/3600s" } })),
        (
            "limits.changed",
            json!({
                "account": { "from": "5/3600s", "to": null },
                "number": { "from": null, "to": "off" },
            }),
        ),
    ]);
    assert_eq!(done_since(&store, start).await, expected);

    // Several changes in one call are several entries.
    set(AccountChange {
        primary_plan: Some(Some(plan("Premium", Some(1)))),
        suspended: Some(true),
        ..Default::default()
    })
    .await;
    let both = done_since(&store, start + 9).await;
    assert_eq!(
        both.iter().map(|(action, _)| action).collect::<Vec<_>>(),
        ["plan.changed", "account.suspended"]
    );
}

async fn what_changes_nothing_is_not_told(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let start = last(&store).await;
    let same = newcomer("ada").account;
    let again = AccountChange {
        primary_plan: Some(same.primary_plan().cloned()),
        meta_token: same.whatsapp.and_then(|whatsapp| whatsapp.meta_token),
        add_numbers: same.phone_numbers,
        remove_numbers: vec![graph_id("999")],
        suspended: Some(false),
        rate_limit: Some(None),
        number_rate_limit: Some(None),
    };
    change(&store, &id, again).await;
    change(&store, &id, AccountChange::default()).await;
    // The same address and code; nothing was disabled that this could enable.
    let claimed = claim_one(&store, START).await;
    assert!(end(&store, &claimed, AttemptEnd::Retry(at(START)), START).await);
    point(&store, &id, "https://a.example", "code").await;
    store.enable_endpoint(&id, &BY, at(START)).await.unwrap();
    let nothing = store.redeliver_range(&id, at(0), at(1), 10, &BY, at(START)).await.unwrap();
    assert_eq!(nothing, 0);
    assert!(store.rewrap_keys(10, &BY, at(START)).await.unwrap().is_none());
    assert_eq!(done_since(&store, start).await, []);
}

async fn tokens_are_told_of_by_their_last_four(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let start = last(&store).await;
    let rotate = async |name: &str, until| {
        assert!(store.rotate_token(&id, &token(name, 2_000), until, &BY).await.unwrap());
    };
    rotate("bob", Some(at(9_000))).await;
    rotate("eve", Some(at(3_000))).await;
    rotate("tim", None).await;
    store.revoke_tokens(&id, &BY, at(2_000)).await.unwrap();
    store.revoke_tokens(&id, &BY, at(2_000)).await.unwrap();
    rotate("kim", Some(at(9_000))).await;

    let kept = |token: &str, until: &str| json!({ "token": token, "until": until });
    let (nine, three) = ("1970-01-01T00:00:09.000Z", "1970-01-01T00:00:03.000Z");
    let mut done = done_since(&store, start).await;
    // Of two that stop at once, none is the first.
    done[2].1["stopped"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    let expected = told(&[
        ("token.rotated", json!({ "token": "-bob", "kept": kept("-ada", nine), "stopped": [] })),
        (
            "token.rotated",
            json!({ "token": "-eve", "kept": kept("-bob", three), "stopped": ["-ada"] }),
        ),
        ("token.rotated", json!({ "token": "-tim", "kept": null, "stopped": ["-bob", "-eve"] })),
        ("token.revoked", json!({ "tokens": ["-tim"] })),
        ("token.created", json!({ "token": "-kim" })),
    ]);
    assert_eq!(done, expected);
}

async fn webhook_settings_are_told_without_paths_and_codes(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let start = last(&store).await;
    let set = async |change| {
        let fresh = "fresh".into();
        store.change_webhook_config(&id, &change, &fresh, &caller(), at(START)).await.unwrap();
    };
    set(to("https://a.example:8443/secret-path?key=secret")).await;
    set(to("https://a.example:8443/another-path")).await;
    set(about(&[WebhookEvent::MetaEvent])).await;
    let mut moved = to("https://b.example/");
    moved.code = Some(Some("my own".into()));
    set(moved).await;
    let mut cleared = to("");
    (cleared.url, cleared.code) = (Some(None), Some(None));
    set(cleared).await;

    let expected = told(&[
        (
            "webhook.changed",
            json!({
                "host": { "from": null, "to": "a.example:8443" }, "codeChanged": true,
            }),
        ),
        (
            "webhook.changed",
            json!({
                "host": { "from": "a.example:8443", "to": "a.example:8443" },
            }),
        ),
        (
            "webhook.changed",
            json!({
                "events": { "from": ["newLead", "newMessage"], "to": ["metaEvent"] },
            }),
        ),
        (
            "webhook.changed",
            json!({
                "host": { "from": "a.example:8443", "to": "b.example" }, "codeChanged": true,
            }),
        ),
        (
            "webhook.changed",
            json!({
                "host": { "from": "b.example", "to": null }, "codeChanged": true,
            }),
        ),
    ]);
    assert_eq!(done_since(&store, start).await, expected);
    assert!(all(&store).await[0].actor_name.as_deref() == Some("aB3x"));
}

async fn an_endpoint_is_disabled_once_by_the_gateway_and_enabled_by_whoever_does_it(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one", "two"]).await;
    let start = last(&store).await;
    let claimed = claim(&store, START, 10).await;
    assert!(end(&store, &claimed[0], AttemptEnd::Disable("gone"), 2_000).await);
    assert!(end(&store, &claimed[1], AttemptEnd::Disable("gone too"), 2_500).await);
    store.enable_endpoint(&id, &caller(), at(3_000)).await.unwrap();
    store.enable_endpoint(&id, &caller(), at(3_000)).await.unwrap();

    let since = json!({ "disabledSince": "1970-01-01T00:00:02.000Z" });
    let why = json!({ "reason": "gone", "delivery": claimed[0].id.as_str() });
    let expected = told(&[("endpoint.disabled", why), ("endpoint.enabled", since)]);
    assert_eq!(done_since(&store, start).await, expected);
    let entries = all(&store).await;
    let who: Vec<_> = entries.iter().take(2).map(|entry| entry.actor.as_str()).collect();
    assert_eq!(who, ["token", "gateway"]);

    // By naming the address, too: what was changed first, then what follows from it.
    let again = claim(&store, 4_000, 1).await.remove(0);
    assert!(end(&store, &again, AttemptEnd::Disable("gone"), 4_000).await);
    point(&store, &id, "https://b.example", "code").await;
    let done = done_since(&store, start + 3).await;
    assert_eq!(
        done.iter().map(|(action, _)| action).collect::<Vec<_>>(),
        ["webhook.changed", "endpoint.enabled"]
    );
}

async fn redeliveries_are_told_with_their_bounds_and_count(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one", "two"]).await;
    let start = last(&store).await;
    for claimed in claim(&store, START, 10).await {
        assert!(end(&store, &claimed, AttemptEnd::Delivered, START).await);
    }
    let one = list(&store, &id, Some(DeliveryState::Delivered)).await.remove(0).id;
    assert!(store.redeliver(&id, &one, &caller(), at(3_000)).await.unwrap());
    let both = store.redeliver_range(&id, at(START), at(2_000), 10, &caller(), at(3_000)).await;
    assert_eq!(both.unwrap(), 2);

    let bounds =
        json!({ "from": "1970-01-01T00:00:01.000Z", "to": "1970-01-01T00:00:02.000Z", "count": 2 });
    let expected = told(&[
        ("delivery.redelivered", json!({ "delivery": one.as_str() })),
        ("range.redelivered", bounds),
    ]);
    assert_eq!(done_since(&store, start).await, expected);
}

async fn a_change_of_keys_is_told_in_each_step(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    join(&store, "bob").await;
    store.take_in(&[post(vec![message(&id, "one")])]).await.unwrap();
    let start = last(&store).await;
    let rotating = place.open(&[2, 1]).await;
    for (accounts, posts) in [(2, 1), (0, 0)] {
        let by = Actor::cli("root");
        let sealed = rotating.rewrap_keys(2, &by, at(7_000)).await.unwrap();
        assert_eq!(sealed, SealedRows { accounts, posts });
    }
    let entries = rotating.audit_entries_since(start, 10).await.unwrap();
    assert!(entries.iter().all(|entry| entry.account.is_none() && entry.at == at(7_000)));
    let counts = entries.iter().map(|entry| {
        let details: Value = serde_json::from_str(&entry.details).unwrap();
        assert_eq!(
            (entry.action.as_str(), details["key"].as_str().unwrap().len()),
            ("key.rotated", 8)
        );
        (details["accounts"].as_i64().unwrap(), details["posts"].as_i64().unwrap())
    });
    assert_eq!(counts.collect::<Vec<_>>(), [(2, 0), (0, 1)]);
}

async fn entries_outlive_their_account(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    assert!(store.delete_account(&id, &BY, at(9_000)).await.unwrap());
    let entries = store.audit_entries(Some(&id), None, 10).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["account.deleted", "token.created", "account.created"]);
}

async fn what_fails_leaves_no_entry(place: Place) {
    let store = place.store().await;
    let id = with_deliveries(&store, "ada", &["one"]).await;
    let mut bare = newcomer("bob");
    bare.account.whatsapp = None;
    store.create_account(&bare, &BY).await.unwrap();
    let start = last(&store).await;

    let mut taken = newcomer("eve");
    taken.account.email = "ada@example.com".to_owned();
    store.create_account(&taken, &BY).await.unwrap_err();
    store.rotate_token(&id, &token("bob", START), None, &BY).await.unwrap_err();
    let impossible = AccountChange {
        meta_token: Some("EAAG".into()),
        suspended: Some(true),
        ..Default::default()
    };
    assert!(!store.change_account(&bare.account.id, &impossible, &BY, at(START)).await.unwrap());

    let nobody = AccountId::generate();
    let suspend = AccountChange { suspended: Some(true), ..Default::default() };
    assert!(!store.change_account(&nobody, &suspend, &BY, at(START)).await.unwrap());
    assert!(!store.delete_account(&nobody, &BY, at(START)).await.unwrap());
    assert!(!store.rotate_token(&nobody, &token("tim", START), None, &BY).await.unwrap());
    assert_eq!(store.revoke_tokens(&nobody, &BY, at(START)).await.unwrap(), 0);
    let config = store
        .change_webhook_config(&nobody, &to("https://a.example"), &"x".into(), &BY, at(START))
        .await;
    config.unwrap_err();
    store.enable_endpoint(&nobody, &BY, at(START)).await.unwrap();
    let claimed = claim_one(&store, START).await;
    assert!(!store.redeliver(&nobody, &claimed.id, &BY, at(START)).await.unwrap());
    let mut lost = claimed.clone();
    lost.lease = "another".to_owned();
    assert!(!end(&store, &lost, AttemptEnd::Disable("gone"), START).await);
    assert_eq!(done_since(&store, start).await, []);

    // And what cannot be written down is not done.
    place.execute("ALTER TABLE audit_head RENAME TO elsewhere").await;
    store.delete_account(&id, &BY, at(START)).await.unwrap_err();
    store.change_account(&id, &suspend, &BY, at(START)).await.unwrap_err();
    assert!(store.change_account(&id, &AccountChange::default(), &BY, at(START)).await.unwrap());
    place.execute("ALTER TABLE elsewhere RENAME TO audit_head").await;
    assert!(!store.account(id.as_str()).await.unwrap().unwrap().suspended);
    assert_eq!(done_since(&store, start).await, []);
}

async fn entries_are_listed_newest_first_page_by_page_and_by_account(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    for suspended in [true, false, true] {
        change(&store, &ada, AccountChange { suspended: Some(suspended), ..Default::default() })
            .await;
    }
    let ids = async |account: Option<&AccountId>, after, limit| {
        let entries = store.audit_entries(account, after, limit).await.unwrap();
        entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, None, 100).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(ids(None, None, 3).await, [7, 6, 5]);
    assert_eq!(ids(None, Some(5), 3).await, [4, 3, 2]);
    assert_eq!(ids(None, Some(1), 3).await, [0_i64; 0]);
    assert_eq!(ids(Some(&bob), None, 100).await, [4, 3]);
    assert_eq!(ids(Some(&ada), Some(6), 2).await, [5, 2]);
    let nobody = AccountId::from_stored("\0".to_owned());
    assert!(ids(Some(&nobody), None, 100).await.is_empty());
    let since = store.audit_entries_since(5, 1).await.unwrap();
    assert_eq!(since[0].id, 6);
}

async fn whoever_reads_the_entries_learns_no_secret(place: Place) {
    const CODE: &str = "the-code-of-the-webhook";
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let fresh = token("another", 2_000);
    store.rotate_token(&id, &fresh, Some(at(9_000)), &BY).await.unwrap();
    let new = AccountChange {
        meta_token: Some("EAAG-new".into()),
        add_numbers: vec![number("333", "Support")],
        ..Default::default()
    };
    change(&store, &id, new).await;
    point(&store, &id, "https://a.example/the-path?the=query", CODE).await;
    store.revoke_tokens(&id, &BY, at(2_000)).await.unwrap();
    store.delete_account(&id, &BY, at(2_000)).await.unwrap();

    let entries = all(&store).await;
    let written = format!("{entries:?}");
    let digest = hex::encode(fresh.digest.as_bytes());
    let own = newcomer("ada");
    let email = own.account.email.as_str();
    for secret in [
        crate::fixtures::META_TOKEN,
        "EAAG",
        "imported-token",
        &digest,
        CODE,
        "the-path",
        "query",
        email,
        "+1 555",
    ] {
        assert!(!written.contains(secret), "{secret} is in {written}");
    }
    assert_eq!(entries.len(), 8);
}
