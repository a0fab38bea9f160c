//! Migrating, reopening, and a database that is away.

use std::time::{Duration, Instant};

use avenping_gateway::store::{Store, StoreError};
use futures_util::future::join_all;

use crate::fixtures::{BY, META_TOKEN, at, join, meta_token, newcomer, read};
use crate::harness::{Place, Raw, cases};

cases![
    handles_that_migrate_at_once_all_succeed,
    migrating_again_changes_nothing,
    a_newer_schema_is_refused_and_can_be_asked_again,
    a_look_at_the_schema_tells_what_migrating_would_do_and_does_nothing,
    a_database_that_is_not_there_is_not_made_by_whoever_wants_one_that_is,
    what_was_written_is_there_after_reopening,
    a_database_answers_before_it_is_migrated,
    a_store_that_was_closed_is_unavailable,
    a_write_that_has_to_wait_too_long_is_unavailable_and_leaves_nothing,
    a_write_that_was_given_up_does_not_hold_up_the_next_one,
    a_transaction_that_was_given_up_while_it_began_is_nobody_elses,
];

async fn handles_that_migrate_at_once_all_succeed(place: Place) {
    migrate_at_once(&place).await;
    // And once more from the schema before this one, where the table of migrations is there.
    place
        .execute(
            "DROP TABLE endpoint_health;
             DROP TABLE delivery_attempts;
             DROP TABLE deliveries;
             DROP TABLE events;
             ALTER TABLE webhook_configs DROP COLUMN previous_code;
             ALTER TABLE webhook_configs DROP COLUMN previous_code_until;
             DELETE FROM _sqlx_migrations WHERE version = 6",
        )
        .await;
    migrate_at_once(&place).await;

    let store = place.open(&[1]).await;
    let id = join(&store, "ada").await;
    store.webhook_config(&id).await.unwrap();
}

async fn migrate_at_once(place: &Place) {
    let stores = join_all((0..4).map(|_| place.open(&[1]))).await;
    for outcome in join_all(stores.iter().map(|store| store.migrate())).await {
        outcome.unwrap();
    }
}

async fn migrating_again_changes_nothing(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.migrate().await.unwrap();
    read(&store, &id).await;
}

async fn a_newer_schema_is_refused_and_can_be_asked_again(place: Place) {
    let store = place.store().await;
    place
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', TRUE, 'x', 0)",
        )
        .await;
    // Twice: a refusal must not leave a lock behind.
    for _ in 0..2 {
        let refused = store.migrate().await;
        assert!(matches!(refused, Err(StoreError::NewerSchema)), "{refused:?}");
    }
    place.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    place.open(&[1]).await.migrate().await.unwrap();
}

async fn a_look_at_the_schema_tells_what_migrating_would_do_and_does_nothing(place: Place) {
    let store = place.open(&[1]).await;
    for _ in 0..2 {
        let told = store.check_schema().await;
        assert!(matches!(told, Err(StoreError::OldSchema)), "{told:?}");
    }
    store.migrate().await.unwrap();
    store.check_schema().await.unwrap();

    place.execute("DELETE FROM _sqlx_migrations WHERE version = 3").await;
    let told = store.check_schema().await;
    assert!(matches!(told, Err(StoreError::OldSchema)), "{told:?}");
    place
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', TRUE, 'x', 0)",
        )
        .await;
    let told = store.check_schema().await;
    assert!(matches!(told, Err(StoreError::NewerSchema)), "{told:?}");
}

async fn a_database_that_is_not_there_is_not_made_by_whoever_wants_one_that_is(place: Place) {
    // The file of SQLite is yet to be made; a database of PostgreSQL's is always there.
    for made in [false, true] {
        let opened = place.try_open_existing().await;
        assert_eq!(opened.is_ok(), made || !place.is_file(), "{:?}", opened.err());
        place.open(&[1]).await;
    }
}

async fn what_was_written_is_there_after_reopening(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.close().await;

    let again = place.store().await;
    let account = read(&again, &id).await;
    assert_eq!(meta_token(&account), Some(META_TOKEN));
}

async fn a_database_answers_before_it_is_migrated(place: Place) {
    place.open(&[1]).await.ping().await.unwrap();
}

async fn a_store_that_was_closed_is_unavailable(place: Place) {
    let store = place.store().await;
    store.ping().await.unwrap();
    join(&store, "eve").await;
    store.close().await;
    // Nor does a connection of it stay at the server, whatever has just been written on it.
    place.raw().await.alone().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    let refused = store.create_account(&newcomer("ada"), &BY).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

/// A store with little patience, and a stranger who holds the lock that its writes need.
async fn blocked(place: &Place) -> (Store, Raw) {
    place.store().await;
    let hasty = place.try_open(&[1], Duration::from_millis(300)).await.unwrap();
    let mut stranger = place.raw().await;
    let lock = match stranger {
        Raw::Sqlite(_) => "BEGIN IMMEDIATE",
        Raw::Postgres(_) => "BEGIN; LOCK TABLE accounts IN EXCLUSIVE MODE",
    };
    stranger.execute(lock).await;
    (hasty, stranger)
}

async fn a_write_that_has_to_wait_too_long_is_unavailable_and_leaves_nothing(place: Place) {
    let (store, mut stranger) = blocked(&place).await;
    let started = Instant::now();
    let refused = store.create_account(&newcomer("ada"), &BY).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
    store.ping().await.unwrap();

    stranger.execute("ROLLBACK").await;
    assert_eq!(place.count("SELECT count(*) FROM accounts").await, 0);
}

async fn a_write_that_was_given_up_does_not_hold_up_the_next_one(place: Place) {
    let (store, mut stranger) = blocked(&place).await;
    store.create_account(&newcomer("ada"), &BY).await.unwrap_err();
    stranger.execute("ROLLBACK").await;

    let patient = place.open(&[1]).await;
    let id = join(&patient, "ada").await;
    read(&patient, &id).await;
}

async fn a_transaction_that_was_given_up_while_it_began_is_nobody_elses(place: Place) {
    let patient = place.store().await;
    let mut stranger = place.raw().await;
    let (lock, unlock) = match stranger {
        Raw::Sqlite(_) => ("BEGIN IMMEDIATE", "ROLLBACK"),
        // What claims take turns with, in the message that begins their transaction.
        Raw::Postgres(_) => {
            ("SELECT pg_advisory_lock(7161723364)", "SELECT pg_advisory_unlock_all()")
        }
    };
    // Once we give up, and once the server does.
    for timeout in [Duration::from_millis(500), Duration::from_secs(3)] {
        let hasty = place.try_open(&[1], timeout).await.unwrap();
        let ids = [join(&patient, "ada").await, join(&patient, "bob").await];
        stranger.execute(lock).await;
        let refused = hasty.claim_deliveries(at(1), at(2), 1, 1).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        stranger.execute(unlock).await;

        // What is written on the same connection after that is written for everybody.
        for id in &ids {
            while let Err(error) = hasty.delete_account(id, &BY, at(0)).await {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
            }
            assert!(patient.account(id.as_str()).await.unwrap().is_none());
        }
    }
}
