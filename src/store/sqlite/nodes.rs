//! The processes on one SQLite file: one, or two while one takes over from the other.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::Sqlite;
use crate::clock::Clock;
use crate::store::nodes::FORGOTTEN_AFTER;
use crate::store::{Nodes, StoreError, sql};

const SEEN: &str = "
    INSERT INTO nodes (id, seen_at) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";

const FORGET: &str = "DELETE FROM nodes WHERE seen_at < $1";

const COUNT: &str = "SELECT count(*) FROM nodes WHERE seen_at >= $1";

#[async_trait]
impl Nodes for Sqlite {
    async fn beat(&self, node: &str, within: Duration) -> Result<u32, StoreError> {
        // The machine's clock is the database's: they are on one machine.
        let now = Clock::system().now();
        let forgotten = now.minus(within.saturating_mul(FORGOTTEN_AFTER));
        self.within(async {
            let mut tx = self.write_lightly().await?;
            query(SEEN).bind(node).bind(now.as_millis()).execute(&mut *tx).await?;
            query(FORGET).bind(forgotten.as_millis()).execute(&mut *tx).await?;
            let count = query_scalar(COUNT).bind(now.minus(within).as_millis());
            let nodes: i64 = count.fetch_one(&mut *tx).await?;
            tx.commit().await?;
            Ok(u32::try_from(nodes).unwrap_or(1))
        })
        .await
    }

    async fn leave(&self, node: &str) -> Result<(), StoreError> {
        self.within(async {
            let mut tx = self.write_lightly().await?;
            query(sql::LEAVE).bind(node).execute(&mut *tx).await?;
            tx.commit().await
        })
        .await
    }
}
