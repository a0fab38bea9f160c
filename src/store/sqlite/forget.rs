//! Deleting by age in SQLite: what is old goes in small batches, the oldest first.

use sqlx::query;

use super::Sqlite;
use crate::model::Timestamp;
use crate::store::StoreError;

macro_rules! delete_oldest {
    ($table:literal, $which:literal, $age:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE rowid IN (
                 SELECT rowid FROM ",
            $table,
            " WHERE ",
            $which,
            " AND ",
            $age,
            " < $1
                 ORDER BY ",
            $age,
            " LIMIT $2)"
        )
    };
}

pub(super) const MESSAGES: &str = delete_oldest!("messages", "true", "created_at");

pub(super) const WAITING_STATUSES: &str = delete_oldest!("waiting_statuses", "true", "at");

/// The index is of those that have ended, and is used only where that is said.
pub(super) const ENDED_SENDS: &str =
    delete_oldest!("sends", "state <> 1 AND state = 2", "ended_at");

pub(super) const UNKNOWN_SENDS: &str =
    delete_oldest!("sends", "state <> 1 AND state = 3", "ended_at");

pub(super) const POSTS: &str = delete_oldest!("inbound_posts", "true", "received_at");

pub(super) const SEEN: &str = "
    DELETE FROM inbound_seen WHERE (account_id, mark) IN (
        SELECT account_id, mark FROM inbound_seen WHERE seen_at < $1
        ORDER BY seen_at LIMIT $2)";

impl Sqlite {
    /// Deletes up to `limit` rows by the statements together, and answers how many went. What a
    /// power cut brings back goes the next time.
    pub(super) async fn forget(
        &self,
        old: &[(&'static str, Timestamp)],
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write_lightly().await?;
            let (limit, mut gone) = (limit.max(0).unsigned_abs(), 0);
            for (delete, before) in old {
                let left = limit.saturating_sub(gone).cast_signed();
                let delete = query(*delete).bind(before.as_millis()).bind(left);
                gone += delete.execute(&mut *tx).await?.rows_affected();
            }
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }
}
