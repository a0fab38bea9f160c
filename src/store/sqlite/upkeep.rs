//! The state of the SQLite file.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions as _, Connection as _, query, query_as, query_scalar};

use super::Sqlite;
use crate::model::AccountId;
use crate::store::{StoreError, Upkeep, schema, sql};

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
        let used = query_scalar(sql::KEYS_IN_USE);
        let used = async { Ok(used.fetch_all(&self.readers).await?) };
        let used: Vec<String> = self.within(used).await?;
        let missing = used.into_iter().find(|id| !self.keyring.holds(id));
        missing.map_or(Ok(()), |id| Err(StoreError::MissingKey(id)))
    }

    async fn old_key_rows(&self) -> Result<u64, StoreError> {
        let count = query_scalar(sql::OLD_KEY_ROWS).bind(self.keyring.current_id());
        let count = async { Ok(count.fetch_one(&self.readers).await?) };
        let count: i64 = self.within(count).await?;
        Ok(count.unsigned_abs())
    }

    async fn rewrap_keys(&self, limit: i64) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            let old = query_as(sql::OLD_KEYS).bind(self.keyring.current_id()).bind(limit);
            let old: Vec<(String, Vec<u8>)> = old.fetch_all(&mut *tx).await?;
            let mut wrapped = 0;
            for (id, data_key) in old {
                let fresh = self.keyring.rewrap(&AccountId::from_stored(id.clone()), &data_key)?;
                let update = query(sql::REWRAP_KEY)
                    .bind(id)
                    .bind(fresh.bytes)
                    .bind(fresh.key_id)
                    .bind(data_key);
                wrapped += update.execute(&mut *tx).await?.rows_affected();
            }
            tx.commit().await?;
            Ok(wrapped)
        })
        .await
    }

    async fn close(&self) {
        // The writer last: the last one out puts the log back into the file.
        self.readers.close().await;
        self.writer.close().await;
    }
}
