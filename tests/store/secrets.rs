//! What lies in the database is worth nothing without the key.

use avenping_gateway::model::WebhookChange;
use avenping_gateway::store::{Store, StoreError};
use secrecy::ExposeSecret as _;

use crate::fixtures::{
    BY, META_TOKEN, START, at, join, meta_token, newcomer, opens, read, token_text,
};
use crate::harness::{Place, Raw, cases};

cases![
    no_secret_lies_in_the_database_in_clear,
    a_wrong_key_is_named_by_every_read_and_by_the_check,
    an_old_key_still_opens_while_keys_are_rotated,
    a_secret_moved_to_another_account_does_not_open,
    an_error_holds_no_stored_value,
];

const CODE: &str = "the-code-of-the-webhook";

async fn set_code(store: &Store, id: &avenping_gateway::model::AccountId) {
    let change = WebhookChange {
        url: Some(Some("https://a.example".to_owned())),
        code: Some(Some(CODE.into())),
        events: None,
    };
    store.change_webhook_config(id, &change, &"unused".into(), &BY, at(START)).await.unwrap();
}

/// Every byte of the SQLite files, or every row of PostgreSQL as text.
pub(crate) async fn everything(place: &Place) -> Vec<u8> {
    let Some(directory) = place.directory() else {
        let Raw::Postgres(mut connection) = place.raw().await else { unreachable!() };
        let rows: String = sqlx::query_scalar(
            "SELECT concat((SELECT string_agg(t::text, ' ') FROM accounts t),
                           (SELECT string_agg(t::text, ' ') FROM whatsapp_accounts t),
                           (SELECT string_agg(t::text, ' ') FROM api_tokens t),
                           (SELECT string_agg(t::text, ' ') FROM webhook_configs t),
                           (SELECT string_agg(t::text, ' ') FROM inbound_posts t),
                           (SELECT string_agg(t::text, ' ') FROM inbound_seen t),
                           (SELECT string_agg(t::text, ' ') FROM contacts t),
                           (SELECT string_agg(t::text, ' ') FROM form_recipients t),
                           (SELECT string_agg(t::text, ' ') FROM events t),
                           (SELECT string_agg(t::text, ' ') FROM deliveries t),
                           (SELECT string_agg(t::text, ' ') FROM audit_entries t))",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        return rows.into_bytes();
    };
    let files = std::fs::read_dir(directory).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

pub(crate) fn holds(bytes: &[u8], text: &str) -> bool {
    // PostgreSQL writes bytes in hex.
    let forms = [text.as_bytes().to_vec(), hex::encode(text).into_bytes()];
    forms.iter().any(|form| bytes.windows(form.len()).any(|part| part == form))
}

async fn no_secret_lies_in_the_database_in_clear(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    set_code(&store, &id).await;

    let written = everything(&place).await;
    assert!(holds(&written, "ada@example.com"), "the search itself works");
    for secret in [META_TOKEN, &token_text("ada"), CODE] {
        assert!(!holds(&written, secret), "{secret} lies there in clear");
    }
    store.close().await;
    let written = everything(&place).await;
    assert!(!holds(&written, META_TOKEN), "the Meta token lies there in clear");
}

async fn a_wrong_key_is_named_by_every_read_and_by_the_check(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    set_code(&store, &id).await;
    store.check_keys().await.unwrap();

    let stranger = place.open(&[2]).await;
    let digest = newcomer("ada").token.digest;
    let now = newcomer("ada").token.created_at;
    let failures = [
        stranger.check_keys().await.err(),
        stranger.account(id.as_str()).await.err(),
        stranger.account_by_token(&digest, now).await.err(),
        stranger.accounts(None, 10).await.err(),
        stranger.webhook_config(&id).await.err(),
        stranger
            .change_webhook_config(&id, &Default::default(), &"x".into(), &BY, at(START))
            .await
            .err(),
    ];
    for failure in failures {
        let Some(StoreError::MissingKey(key)) = failure else { panic!("{failure:?}") };
        assert_eq!(key.len(), 8);
    }
    set_code(&store, &id).await;
}

async fn an_old_key_still_opens_while_keys_are_rotated(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    set_code(&store, &ada).await;

    let rotated = place.open(&[2, 1]).await;
    rotated.check_keys().await.unwrap();
    assert_eq!(meta_token(&read(&rotated, &ada).await), Some(META_TOKEN));
    let code = rotated.webhook_config(&ada).await.unwrap().code.unwrap();
    assert_eq!(code.expose_secret(), CODE);

    let bob = join(&rotated, "bob").await;
    assert!(matches!(store.account(bob.as_str()).await, Err(StoreError::MissingKey(_))));
    assert!(matches!(store.check_keys().await, Err(StoreError::MissingKey(_))));
}

async fn a_secret_moved_to_another_account_does_not_open(place: Place) {
    let store = place.store().await;
    let ada = join(&store, "ada").await;
    join(&store, "bob").await;
    place
        .execute(
            "UPDATE whatsapp_accounts SET meta_token =
                 (SELECT meta_token FROM whatsapp_accounts WHERE id = 'whatsapp-bob')
             WHERE id = 'whatsapp-ada'",
        )
        .await;
    assert!(matches!(store.account(ada.as_str()).await, Err(StoreError::Damaged)));
    assert!(opens(&store, "bob", 1_000).await);
}

async fn an_error_holds_no_stored_value(place: Place) {
    let store = place.store().await;
    let first = newcomer("ada");
    store.create_account(&first, &BY).await.unwrap();
    let mut same_id = newcomer("bob");
    same_id.account.id = first.account.id.clone();

    let refused = store.create_account(&same_id, &BY).await.unwrap_err();
    let told = format!("{refused} {refused:?}");
    assert!(matches!(refused, StoreError::Query(_)), "{told}");
    assert!(!told.contains(first.account.id.as_str()), "{told}");
    assert!(!told.contains("bob"), "{told}");
}
