//! Webhook settings.

use avenping_gateway::model::{AccountId, WebhookChange, WebhookConfig, WebhookEvent};
use avenping_gateway::store::StoreError;
use secrecy::ExposeSecret as _;

use crate::fixtures::{BY, START, at, join};
use crate::harness::{Place, cases};
use crate::posts::point;

cases![
    an_account_that_set_nothing_has_the_default_settings,
    settings_are_answered_and_read_back_as_they_were_set,
    a_change_leaves_what_it_does_not_name,
    a_cleared_url_is_gone_and_so_is_a_cleared_code,
    no_events_at_all_is_a_choice,
    changes_at_once_are_all_kept,
    verification_survives_what_does_not_touch_the_address,
    settings_belong_to_one_account_alone,
    nobody_has_no_webhook,
    only_the_settings_that_were_asked_are_verified,
    an_endpoint_is_what_every_delivery_sees,
];

pub(crate) fn to(url: &str) -> WebhookChange {
    WebhookChange { url: Some(Some(url.to_owned())), ..Default::default() }
}

pub(crate) fn about(events: &[WebhookEvent]) -> WebhookChange {
    WebhookChange { events: Some(events.to_vec()), ..Default::default() }
}

fn code(config: &WebhookConfig) -> Option<&str> {
    config.code.as_ref().map(|code| code.expose_secret())
}

async fn an_account_that_set_nothing_has_the_default_settings(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let config = store.webhook_config(&id).await.unwrap();
    assert_eq!((&config.url, code(&config), config.verified), (&None, None, false));
    assert_eq!(config.events, [WebhookEvent::NewLead, WebhookEvent::NewMessage]);
}

async fn settings_are_answered_and_read_back_as_they_were_set(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let change = WebhookChange {
        url: Some(Some("https://a.example/?q='%_👋".to_owned())),
        code: Some(Some("my \0 code 👋".into())),
        events: Some(WebhookEvent::ALL.to_vec()),
    };
    let answered =
        store.change_webhook_config(&id, &change, &"fresh".into(), &BY, at(START)).await.unwrap();
    let read = store.webhook_config(&id).await.unwrap();
    for config in [answered, read] {
        assert_eq!(config.url.as_deref(), Some("https://a.example/?q='%_👋"));
        assert_eq!(code(&config), Some("my \0 code 👋"));
        assert_eq!(config.events, WebhookEvent::ALL);
        assert!(!config.verified);
    }
}

async fn a_change_leaves_what_it_does_not_name(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store
        .change_webhook_config(&id, &to("https://a.example"), &"one".into(), &BY, at(START))
        .await
        .unwrap();
    let events = about(&[WebhookEvent::MetaEvent]);
    store.change_webhook_config(&id, &events, &"two".into(), &BY, at(START)).await.unwrap();
    let config = store.webhook_config(&id).await.unwrap();
    assert_eq!(config.url.as_deref(), Some("https://a.example"));
    assert_eq!(code(&config), Some("one"));
    assert_eq!(config.events, [WebhookEvent::MetaEvent]);
}

async fn a_cleared_url_is_gone_and_so_is_a_cleared_code(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store
        .change_webhook_config(&id, &to("https://a.example"), &"one".into(), &BY, at(START))
        .await
        .unwrap();
    let clear = WebhookChange { url: Some(None), code: Some(None), events: None };
    store.change_webhook_config(&id, &clear, &"two".into(), &BY, at(START)).await.unwrap();
    let config = store.webhook_config(&id).await.unwrap();
    assert_eq!((&config.url, code(&config)), (&None, None));
}

async fn no_events_at_all_is_a_choice(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.change_webhook_config(&id, &about(&[]), &"one".into(), &BY, at(START)).await.unwrap();
    assert!(store.webhook_config(&id).await.unwrap().events.is_empty());
}

async fn changes_at_once_are_all_kept(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    // The first change of an account inserts, which cannot wait for a row that is not there yet.
    for name in ["ada", "bob", "eve"] {
        let id = join(&here, name).await;
        let (url, events) = (to("https://a.example"), about(&[WebhookEvent::MetaEvent]));
        let (one, two) = ("one".into(), "two".into());
        let (one, other) = tokio::join!(
            here.change_webhook_config(&id, &url, &one, &BY, at(START)),
            there.change_webhook_config(&id, &events, &two, &BY, at(START)),
        );
        one.unwrap();
        other.unwrap();
        let config = here.webhook_config(&id).await.unwrap();
        assert_eq!(config.url.as_deref(), Some("https://a.example"));
        assert_eq!(config.events, [WebhookEvent::MetaEvent]);
    }
}

async fn verification_survives_what_does_not_touch_the_address(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store
        .change_webhook_config(&id, &to("https://a.example"), &"one".into(), &BY, at(START))
        .await
        .unwrap();
    place.execute("UPDATE webhook_configs SET verified = (1 = 1)").await;
    let events = about(&[WebhookEvent::MetaEvent]);
    let config =
        store.change_webhook_config(&id, &events, &"two".into(), &BY, at(START)).await.unwrap();
    assert!(config.verified);
    let moved = to("https://b.example");
    let config =
        store.change_webhook_config(&id, &moved, &"two".into(), &BY, at(START)).await.unwrap();
    assert!(!config.verified && !store.webhook_config(&id).await.unwrap().verified);
}

async fn settings_belong_to_one_account_alone(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    let bob = join(&store, "bob").await;
    store
        .change_webhook_config(&ada, &to("https://a.example"), &"one".into(), &BY, at(START))
        .await
        .unwrap();
    assert!(store.webhook_config(&bob).await.unwrap().url.is_none());
}

async fn nobody_has_no_webhook(place: Place) {
    let store = place.store().await;
    let nobody = AccountId::generate();
    let change = to("https://a.example");
    let refused =
        store.change_webhook_config(&nobody, &change, &"one".into(), &BY, at(START)).await;
    assert!(matches!(refused, Err(StoreError::NoAccount)), "{refused:?}");
    assert!(store.webhook_config(&nobody).await.unwrap().url.is_none());
}

async fn only_the_settings_that_were_asked_are_verified(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let (url, code) = ("https://a.example", "one".into());
    assert!(!store.set_verified(&ada, url, &code).await.unwrap(), "nothing is set");
    for id in [&ada, &bob] {
        store.change_webhook_config(id, &to(url), &code, &BY, at(START)).await.unwrap();
    }
    assert!(!store.set_verified(&ada, "https://b.example", &code).await.unwrap());
    assert!(!store.set_verified(&ada, url, &"two".into()).await.unwrap());
    assert!(!store.set_verified(&AccountId::generate(), url, &code).await.unwrap());
    assert!(!store.webhook_config(&ada).await.unwrap().verified);

    assert!(store.set_verified(&ada, url, &code).await.unwrap());
    assert!(store.webhook_config(&ada).await.unwrap().verified);
    assert!(!store.webhook_config(&bob).await.unwrap().verified);
}

async fn an_endpoint_is_what_every_delivery_sees(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    assert!(store.endpoint(&id, at(START)).await.unwrap().is_none());
    assert!(store.endpoint(&AccountId::generate(), at(START)).await.unwrap().is_none());
    point(&store, &id, "https://a.example", "first").await;
    point(&store, &id, "https://b.example", "second").await;
    let day = 24 * 60 * 60 * 1_000;
    for (now, expected) in [(START + day - 1, &["second", "first"][..]), (START + day, &["second"])]
    {
        let endpoint = store.endpoint(&id, at(now)).await.unwrap().unwrap();
        let secrets = endpoint.secrets.iter().map(|secret| secret.expose_secret());
        assert_eq!(endpoint.url, "https://b.example");
        assert_eq!(secrets.collect::<Vec<_>>(), expected);
    }
    let clear = WebhookChange { url: Some(None), ..Default::default() };
    store.change_webhook_config(&id, &clear, &"x".into(), &BY, at(START)).await.unwrap();
    assert!(store.endpoint(&id, at(START)).await.unwrap().is_none());
}
