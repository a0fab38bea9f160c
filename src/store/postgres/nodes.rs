//! The nodes on one PostgreSQL database.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::Postgres;
use crate::store::nodes::FORGOTTEN_AFTER;
use crate::store::{Nodes, StoreError, sql};

/// All parts see the table as it was, so the node itself is left out and counted by hand.
const BEAT: &str = "
    WITH server AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS time),
    beaten AS (
        INSERT INTO nodes (id, seen_at) SELECT $1, time FROM server
        ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at),
    forgotten AS (
        DELETE FROM nodes USING server WHERE id <> $1 AND seen_at < time - $3)
    SELECT count(*) + 1 FROM nodes, server WHERE id <> $1 AND seen_at >= time - $2";

#[async_trait]
impl Nodes for Postgres {
    async fn beat(&self, node: &str, within: Duration) -> Result<u32, StoreError> {
        let millis = |period: Duration| i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
        let beat = query_scalar(BEAT)
            .bind(node)
            .bind(millis(within))
            .bind(millis(within.saturating_mul(FORGOTTEN_AFTER)));
        let beat = async { Ok(beat.fetch_one(&self.pool).await?) };
        let nodes: i64 = self.within(beat).await?;
        Ok(u32::try_from(nodes).unwrap_or(1))
    }

    async fn leave(&self, node: &str) -> Result<(), StoreError> {
        self.within(async {
            query(sql::LEAVE).bind(node).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }
}
