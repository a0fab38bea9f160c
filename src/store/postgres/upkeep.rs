//! The state of the PostgreSQL database.

mod rotation;

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _, query, query_as, query_scalar};

use super::Postgres;
use crate::model::{Actor, Timestamp};
use crate::store::{SealedRows, StoreError, Upkeep, schema, sql};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

#[async_trait]
impl Upkeep for Postgres {
    /// On a connection of its own: a migration may last longer than a query, and after a failed
    /// one only the end of the connection gives back the lock that keeps other processes out.
    async fn migrate(&self) -> Result<(), StoreError> {
        let connection = async { Ok(self.options.connect().await?) };
        let mut connection: PgConnection = self.within(connection).await?;
        // Or it says, each time, that the table of migrations is there already.
        query("SET client_min_messages = warning").execute(&mut connection).await?;
        // `run` is this call behind a trait whose lifetimes an async trait method cannot meet.
        let migrated = MIGRATIONS.run_direct(None, &mut connection, false).await;
        let closed = connection.close().await;
        migrated?;
        Ok(closed?)
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        let applied = async {
            let known = query_scalar("SELECT to_regclass($1) IS NOT NULL");
            if !known.bind(schema::TABLE).fetch_one(&self.pool).await? {
                return Ok(Vec::new());
            }
            Ok(query_scalar(schema::APPLIED).fetch_all(&self.pool).await?)
        };
        schema::check(&MIGRATIONS, &self.within(applied).await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let ask = query_scalar("SELECT 1");
        let ask = async { Ok(ask.fetch_one(&self.pool).await?) };
        self.within(ask).await.map(|_: i32| ())
    }

    async fn check_keys(&self) -> Result<(), StoreError> {
        let used = query_scalar(sql::keys::KEYS_IN_USE);
        let used = async { Ok(used.fetch_all(&self.pool).await?) };
        let used: Vec<String> = self.within(used).await?;
        let missing = used.into_iter().find(|id| !self.keyring.holds(id));
        missing.map_or(Ok(()), |id| Err(StoreError::MissingKey(id)))
    }

    async fn old_key_rows(&self) -> Result<SealedRows, StoreError> {
        let count = query_as(sql::keys::OLD_ROWS).bind(self.keyring.current_id());
        self.within(async { Ok(count.fetch_one(&self.pool).await?) }).await
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
        // What has fallen silent must not keep the process.
        tokio::time::timeout(self.timeout, self.writers.close()).await.unwrap_or_default();
    }
}
