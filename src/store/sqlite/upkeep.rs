//! The state of the SQLite file.

mod rotation;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _, query_as, query_scalar};

use super::Sqlite;
use crate::model::{Actor, Timestamp};
use crate::store::{SealedRows, StoreError, Upkeep, schema, sql};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a migration waits for one that another process is at.
const PATIENCE: Duration = Duration::from_secs(60);

#[async_trait]
impl Upkeep for Sqlite {
    /// All migrations are one transaction, with the write lock from the start: of two processes
    /// the second waits, and then finds nothing left to do.
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.options.clone().busy_timeout(PATIENCE).connect().await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        // `run` is this call behind a trait whose lifetimes an async trait method cannot meet.
        MIGRATIONS.run_direct(None, &mut *tx, false).await?;
        tx.commit().await?;
        Ok(connection.close().await?)
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        let applied = async {
            let known = query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = $1");
            let known: i64 = known.bind(schema::TABLE).fetch_one(&self.readers).await?;
            if known == 0 {
                return Ok(Vec::new());
            }
            Ok(query_scalar(schema::APPLIED).fetch_all(&self.readers).await?)
        };
        schema::check(&MIGRATIONS, &self.within(applied).await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Unlike `SELECT 1`, this has to look into the file.
        let look = query_scalar("SELECT count(*) FROM sqlite_schema");
        let look = async { Ok(look.fetch_one(&self.readers).await?) };
        self.within(look).await.map(|_: i64| ())
    }

    async fn check_keys(&self) -> Result<(), StoreError> {
        let used = query_scalar(sql::keys::KEYS_IN_USE);
        let used = async { Ok(used.fetch_all(&self.readers).await?) };
        let used: Vec<String> = self.within(used).await?;
        let missing = used.into_iter().find(|id| !self.keyring.holds(id));
        missing.map_or(Ok(()), |id| Err(StoreError::MissingKey(id)))
    }

    async fn old_key_rows(&self) -> Result<SealedRows, StoreError> {
        let count = query_as(sql::keys::OLD_ROWS).bind(self.keyring.current_id());
        self.within(async { Ok(count.fetch_one(&self.readers).await?) }).await
    }

    async fn rewrap_keys(
        &self,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<SealedRows, StoreError> {
        let accounts = self.within(self.rewrap_accounts(limit.max(0), by, now)).await?;
        let posts = self.within(self.reseal_posts(limit.max(0), by, now)).await?;
        Ok(SealedRows { accounts, posts })
    }

    async fn close(&self) {
        // The writer last: the last one out puts the log back into the file.
        self.readers.close().await;
        if let Err(error) = self.writer.close().await {
            tracing::warn!(%error, "the database was not closed properly");
        }
    }
}
