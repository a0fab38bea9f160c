use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, query, query_scalar};
use tempfile::TempDir;

use super::super::{create, options};
use super::{Durability, Writer};
use crate::store::StoreError;

/// Two that write to one file, as two processes do, and wait for each other.
struct Place {
    ours: Writer,
    theirs: Writer,
    _directory: TempDir,
}

impl Place {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("store.db").display());
        let options = options(&url).unwrap().busy_timeout(Duration::from_secs(10));
        create(&options).await.unwrap();
        let ours = Writer::connect(options.clone()).await.unwrap();
        let theirs = Writer::connect(options).await.unwrap();
        let mut tx = ours.begin(Durability::Full).await.unwrap();
        query("CREATE TABLE written (number INTEGER)").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        Self { ours, theirs, _directory: directory }
    }
}

async fn write(writer: &Writer, number: i64) -> Result<(), StoreError> {
    let mut tx = writer.begin(Durability::Full).await?;
    query("INSERT INTO written VALUES ($1)").bind(number).execute(&mut *tx).await?;
    tx.commit().await
}

async fn written(writer: &Writer) -> Vec<i64> {
    let mut tx = writer.begin(Durability::Full).await.unwrap();
    let numbers = query_scalar("SELECT number FROM written ORDER BY number");
    let numbers = numbers.fetch_all(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    numbers
}

/// Until its thread has done all that it was told.
async fn done(writer: &Writer) {
    writer.0.lock().await.as_mut().unwrap().connection.ping().await.unwrap();
}

#[tokio::test]
async fn what_is_not_committed_is_undone_without_another_write() {
    let Place { ours, theirs, _directory } = Place::new().await;
    let mut tx = ours.begin(Durability::Full).await.unwrap();
    query("INSERT INTO written VALUES (1)").execute(&mut *tx).await.unwrap();
    drop(tx);
    write(&theirs, 2).await.unwrap();
    assert_eq!(written(&ours).await, [2]);
}

#[tokio::test]
async fn a_begin_that_was_given_up_holds_nothing() {
    let Place { ours, theirs, _directory } = Place::new().await;
    // Unless its thread is so quick that it has begun by then, which is to be undone as well.
    drop(ours.begin(Durability::Full).now_or_never());
    done(&ours).await;
    write(&theirs, 1).await.unwrap();

    let held = theirs.begin(Durability::Full).await.unwrap();
    assert!(ours.begin(Durability::Full).now_or_never().is_none());
    held.commit().await.unwrap();
    done(&ours).await;
    write(&theirs, 2).await.unwrap();
    write(&ours, 3).await.unwrap();
    assert_eq!(written(&theirs).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_commit_that_was_given_up_is_made() {
    let Place { ours, theirs, _directory } = Place::new().await;
    let mut tx = ours.begin(Durability::Full).await.unwrap();
    query("INSERT INTO written VALUES (1)").execute(&mut *tx).await.unwrap();
    drop(tx.commit().now_or_never());
    write(&theirs, 2).await.unwrap();
    write(&ours, 3).await.unwrap();
    assert_eq!(written(&theirs).await, [1, 2, 3]);
}

#[tokio::test]
async fn each_commit_waits_for_what_it_is_told_to() {
    let Place { ours, .. } = Place::new().await;
    for _ in 0..3 {
        for (durability, synchronous) in [(Durability::Full, 2), (Durability::Light, 1)] {
            let mut tx = ours.begin(durability).await.unwrap();
            let set: i64 = query_scalar("PRAGMA synchronous").fetch_one(&mut *tx).await.unwrap();
            assert_eq!(set, synchronous, "{durability:?}");
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_in_another_state_than_it_should_be_is_replaced() {
    let Place { ours, theirs, _directory } = Place::new().await;
    let mut tx = ours.begin(Durability::Full).await.unwrap();
    query("ROLLBACK").execute(&mut *tx).await.unwrap();
    assert!(matches!(tx.commit().await, Err(StoreError::Query(_))));
    write(&ours, 1).await.unwrap();

    let mut tx = ours.begin(Durability::Full).await.unwrap();
    query("INSERT INTO written VALUES (0)").execute(&mut *tx).await.unwrap();
    tx.committed = true;
    drop(tx);
    write(&ours, 2).await.unwrap();
    assert_eq!(written(&theirs).await, [1, 2]);
}

#[tokio::test]
async fn nobody_writes_once_it_is_closed() {
    let Place { ours, theirs, _directory } = Place::new().await;
    ours.close().await.unwrap();
    ours.close().await.unwrap();
    assert!(matches!(write(&ours, 1).await, Err(StoreError::Unavailable(_))));
    write(&theirs, 2).await.unwrap();
    assert_eq!(written(&theirs).await, [2]);
}
