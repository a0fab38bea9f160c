//! Changing to a new secret key, while servers run.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::config::SecretKey;
use avenping_gateway::metrics::ArrivalKind;
use avenping_gateway::model::{AccountId, MessageRecord, WebhookChange, WebhookEvent};
use avenping_gateway::store::{
    Claimed, InboundPost, Keep, Keyring, SealedRows, SendClaim, SendEnd, Store, StoreError,
    StoredReply, TakenIn,
};
use secrecy::ExposeSecret as _;

use crate::fixtures::{BY, META_TOKEN, START, accepted, at, join, meta_token, read, record};
use crate::harness::{Place, Raw, cases};
use crate::posts::{ALL, deliver_all, message_from, point, post, post_at};

cases![
    after_a_rotation_nothing_needs_the_old_key,
    who_has_sent_before_a_rotation_goes_on_behind_it,
    a_rotation_goes_on_in_small_steps,
    a_step_takes_no_more_posts_than_fit_half_a_megabyte,
    a_rotation_stands_in_nobodys_way_and_nobody_in_its,
    what_another_is_changing_is_left_for_the_next_step,
    a_key_that_is_not_there_any_more_stops_the_rotation,
];

/// Rows sealed with the old key, or sealed anew.
fn rows(accounts: i64, posts: i64) -> SealedRows {
    SealedRows { accounts, posts }
}

/// How everything that a key of the ring has sealed begins.
fn beginning(key: u8) -> Vec<u8> {
    let id = Keyring::new(&[SecretKey::new([key; 32])]).unwrap().current_id();
    [&[1], &hex::decode(id).unwrap()[..]].concat()
}

/// The columns, `table.column`, that hold anything with this beginning.
async fn columns_with(place: &Place, beginning: &[u8]) -> Vec<String> {
    let mut raw = place.raw().await;
    let columns: Vec<(String, String)> = match &mut raw {
        Raw::Sqlite(connection) => {
            let columns = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
                           WHERE t.type = 'table' AND c.type = 'BLOB'";
            sqlx::query_as(columns).fetch_all(connection).await.unwrap()
        }
        Raw::Postgres(connection) => {
            let columns = "SELECT table_name::text, column_name::text
                           FROM information_schema.columns
                           WHERE table_schema = 'public' AND data_type = 'bytea'";
            sqlx::query_as(columns).fetch_all(connection).await.unwrap()
        }
    };
    assert!(columns.len() > 10);
    let mut found = Vec::new();
    for (table, column) in columns {
        let length = beginning.len();
        let count =
            format!("SELECT count(*) FROM {table} WHERE substr({column}, 1, {length}) = $1");
        let count = sqlx::AssertSqlSafe(count);
        let count: i64 = match &mut raw {
            Raw::Sqlite(raw) => sqlx::query_scalar(count).bind(beginning).fetch_one(raw).await,
            Raw::Postgres(raw) => sqlx::query_scalar(count).bind(beginning).fetch_one(raw).await,
        }
        .unwrap();
        found.extend((count > 0).then(|| format!("{table}.{column}")));
    }
    found.sort_unstable();
    found
}

async fn payloads(place: &Place) -> Vec<Vec<u8>> {
    let payloads = "SELECT payload FROM inbound_posts";
    match place.raw().await {
        Raw::Sqlite(mut raw) => sqlx::query_scalar(payloads).fetch_all(&mut raw).await.unwrap(),
        Raw::Postgres(mut raw) => sqlx::query_scalar(payloads).fetch_all(&mut raw).await.unwrap(),
    }
}

/// In SQLite, who finds others at the database time and again is sent away to come back.
macro_rules! patiently {
    ($work:expr) => {{
        let mut done = $work.await;
        for _ in 0..20 {
            if matches!(done, Err(StoreError::Unavailable(_))) {
                done = $work.await;
            }
        }
        done.unwrap()
    }};
}

/// What is just being sealed is left for the next time.
async fn forget_old(store: &Store) {
    while patiently!(store.forget_inbound(at(1_100), at(0), 3)) > 0 {}
}

async fn take_turns(store: &Store) {
    while !store.old_key_rows().await.unwrap().is_none() {
        patiently!(store.rewrap_keys(7, &BY, at(START)));
    }
}

async fn rotate(store: &Store) {
    while !store.rewrap_keys(ALL, &BY, at(START)).await.unwrap().is_none() {}
    assert_eq!(store.old_key_rows().await.unwrap(), rows(0, 0));
}

fn raw(bytes: usize) -> InboundPost {
    let (received_at, raw) = (at(START), vec![7; bytes]);
    InboundPost { received_at, raw, keep: Keep::Unparsed, arrivals: Vec::new() }
}

fn keyed(message: MessageRecord) -> Arc<SendClaim> {
    keyed_so(message, "order-1")
}

fn keyed_so(message: MessageRecord, key: &str) -> Arc<SendClaim> {
    let (key, lease) = (key.to_owned(), Duration::from_secs(60));
    Arc::new(SendClaim { key, fingerprint: [1; 32], message, lease })
}

async fn send(store: &Store, claim: &Arc<SendClaim>) {
    assert_eq!(store.claim_send(claim).await.unwrap(), Claimed::Won);
    let end = SendEnd::Final(StoredReply { status: 200, body: b"the reply".to_vec() });
    assert!(store.end_send(&claim.ended(end, accepted("wamid.1"), at(START))).await.unwrap());
}

/// An account with something in every place where something is sealed.
async fn with_everything(store: &Store) -> AccountId {
    let id = join(store, "ada").await;
    point(store, &id, "https://a.example", "the first code").await;
    point(store, &id, "https://a.example", "the second code").await;
    store.take_in(&[post(vec![message_from(&id, "one", "eve")])]).await.unwrap();

    send(store, &keyed(record(&id))).await;
    id
}

async fn after_a_rotation_nothing_needs_the_old_key(place: Place) {
    let id = with_everything(&place.store().await).await;
    let sealed_by_the_ring = ["accounts.data_key", "inbound_posts.payload"];
    assert_eq!(columns_with(&place, &beginning(1)).await, sealed_by_the_ring);

    rotate(&place.open(&[2, 1]).await).await;
    assert_eq!(columns_with(&place, &beginning(1)).await, [""; 0]);
    assert_eq!(columns_with(&place, &beginning(2)).await, sealed_by_the_ring);

    let store = place.open(&[2]).await;
    store.check_keys().await.unwrap();
    assert_eq!(meta_token(&read(&store, &id).await), Some(META_TOKEN));
    let code = store.webhook_config(&id).await.unwrap().code.unwrap();
    assert_eq!(code.expose_secret(), "the second code");

    let claim = keyed(record(&id));
    let Claimed::Finished { reply, .. } = store.claim_send(&claim).await.unwrap() else {
        panic!("the answer is gone")
    };
    assert_eq!(reply.body, b"the reply");

    // The same again is a repeat, and whoever is known stays known.
    let again = message_from(&id, "one", "eve");
    let known = TakenIn {
        arrivals: vec![ArrivalKind::Message],
        repeats: 1,
        events: vec![WebhookEvent::NewMessage],
    };
    let taken = store.take_in(&[post(vec![again, message_from(&id, "two", "eve")])]).await;
    assert_eq!(taken.unwrap(), known);
    let told = deliver_all(&store, START).await;
    let bodies: Vec<_> = told.iter().map(|told| told.body.as_str()).collect();
    assert_eq!(bodies, ["eve is new", "one", "two"]);
    let secrets = &told[0].endpoint.as_ref().unwrap().secrets;
    let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
    assert_eq!(secrets, ["the second code", "the first code"]);

    let ring = Keyring::new(&[SecretKey::new([2; 32])]).unwrap();
    let payloads = payloads(&place).await;
    assert_eq!(payloads.len(), 2);
    for payload in payloads {
        let opened = ring.open_shared("inbound_posts.payload", &payload).unwrap();
        assert_eq!(opened[..], post(Vec::new()).raw);
    }
}

async fn who_has_sent_before_a_rotation_goes_on_behind_it(place: Place) {
    let id = join(&place.store().await, "ada").await;
    let store = place.open(&[2, 1]).await;
    send(&store, &keyed(record(&id))).await;
    rotate(&store).await;
    let behind = keyed_so(record(&id), "order-2");
    send(&store, &behind).await;

    let told = place.open(&[2]).await.claim_send(&keyed_so(record(&id), "order-2")).await.unwrap();
    let Claimed::Finished { message, reply } = told else { panic!("{told:?}") };
    assert_eq!((message, reply.body.as_slice()), (behind.message.id.clone(), &b"the reply"[..]));
}

async fn a_rotation_goes_on_in_small_steps(place: Place) {
    let store = place.store().await;
    for name in ["ada", "bob", "eve"] {
        join(&store, name).await;
    }
    store.take_in(&vec![raw(100); 5]).await.unwrap();
    let rotating = place.open(&[2, 1]).await;
    assert_eq!(store.old_key_rows().await.unwrap(), rows(0, 0));
    assert_eq!(rotating.old_key_rows().await.unwrap(), rows(3, 5));
    assert_eq!(rotating.rewrap_keys(2, &BY, at(START)).await.unwrap(), rows(2, 2));
    // A server that has the old key alone goes on until it is started anew.
    store.take_in(&[raw(100)]).await.unwrap();
    assert_eq!(rotating.old_key_rows().await.unwrap(), rows(1, 4));
    assert_eq!(rotating.rewrap_keys(0, &BY, at(START)).await.unwrap(), rows(0, 0));
    assert_eq!(rotating.rewrap_keys(2, &BY, at(START)).await.unwrap(), rows(1, 2));
    assert_eq!(rotating.rewrap_keys(2, &BY, at(START)).await.unwrap(), rows(0, 2));
    assert_eq!(rotating.rewrap_keys(2, &BY, at(START)).await.unwrap(), rows(0, 0));
    assert_eq!(rotating.old_key_rows().await.unwrap(), rows(0, 0));

    // And back, or on to a third, whichever of them has the smaller id.
    for keys in [&[1, 2][..], &[3, 1]] {
        let rotating = place.open(keys).await;
        assert_eq!(rotating.old_key_rows().await.unwrap(), rows(3, 6));
        assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(3, 6));
        place.open(&keys[..1]).await.check_keys().await.unwrap();
    }
}

async fn a_step_takes_no_more_posts_than_fit_half_a_megabyte(place: Place) {
    let store = place.store().await;
    for bytes in [100, 512 << 10, 100, 100] {
        store.take_in(&[raw(bytes)]).await.unwrap();
    }
    let rotating = place.open(&[2, 1]).await;
    for posts in [2, 2, 0] {
        assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(0, posts));
    }
}

async fn a_rotation_stands_in_nobodys_way_and_nobody_in_its(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for received_at in 1_000..1_200 {
        store.take_in(&[post_at(received_at, Vec::new())]).await.unwrap();
    }
    let (server, rotating) = (place.open(&[2, 1]).await, place.open(&[2, 1]).await);
    let other = place.open(&[2, 1]).await;
    let come = async {
        for n in 0..30 {
            let posts = [post_at(9_000, vec![message_from(&id, &n.to_string(), "eve")])];
            patiently!(server.take_in(&posts));
            let change = WebhookChange { code: Some(None), ..Default::default() };
            let code = n.to_string().into();
            patiently!(server.change_webhook_config(&id, &change, &code, &BY, at(START)));
        }
    };
    tokio::join!(come, forget_old(&server), take_turns(&rotating), take_turns(&other));
    forget_old(&server).await;

    place.open(&[2]).await.check_keys().await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM inbound_posts").await, 130);
}

/// Of SQLite nobody can change anything meanwhile, so that the step itself is put off.
async fn what_another_is_changing_is_left_for_the_next_step(place: Place) {
    let store = place.store().await;
    join(&store, "ada").await;
    join(&store, "bob").await;
    store.take_in(&vec![raw(100); 2]).await.unwrap();
    let rotating = place.open(&[2, 1]).await;

    let mut stranger = place.raw().await;
    if place.is_file() {
        stranger.execute("BEGIN IMMEDIATE").await;
        let refused = rotating.rewrap_keys(ALL, &BY, at(START)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        stranger.execute("ROLLBACK").await;
        assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(2, 2));
        return;
    }
    stranger
        .execute(
            "BEGIN;
             SELECT FROM accounts WHERE name = 'ada' FOR UPDATE;
             SELECT FROM inbound_posts ORDER BY id LIMIT 1 FOR UPDATE",
        )
        .await;
    assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(1, 1));
    assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(0, 0));
    stranger.execute("ROLLBACK").await;
    assert_eq!(rotating.rewrap_keys(ALL, &BY, at(START)).await.unwrap(), rows(1, 1));
}

async fn a_key_that_is_not_there_any_more_stops_the_rotation(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.take_in(&[raw(100)]).await.unwrap();
    let hasty = place.open(&[2]).await;
    let refused = hasty.rewrap_keys(ALL, &BY, at(START)).await;
    assert!(matches!(refused, Err(StoreError::MissingKey(_))), "{refused:?}");
    assert_eq!(hasty.old_key_rows().await.unwrap(), rows(1, 1));
    // Nothing is lost by it.
    read(&store, &id).await;
    store.take_in(&[post(vec![message_from(&id, "one", "eve")])]).await.unwrap();
    let told = deliver_all(&store, START).await;
    assert_eq!(told[0].body, "eve is new");
}
