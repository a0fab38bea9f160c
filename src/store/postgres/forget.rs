//! Deleting by age in PostgreSQL: what is old goes in small batches, the oldest first.

use sqlx::query;

use super::Postgres;
use crate::model::Timestamp;
use crate::store::StoreError;

/// Found in an index, and then taken from where they lie: so a batch costs the same however large
/// the table is, whatever the database thinks of it. What others hold is left for the next time.
macro_rules! are_oldest {
    ($table:literal, $which:literal, $age:literal) => {
        concat!(
            "ctid = ANY (ARRAY(
                 SELECT ctid FROM ",
            $table,
            " WHERE ",
            $which,
            " AND ",
            $age,
            " < $1
                 ORDER BY ",
            $age,
            " LIMIT $2 FOR UPDATE SKIP LOCKED))"
        )
    };
}

/// The events of what is `forgotten`, each looked up by itself.
macro_rules! are_its_events {
    () => {
        "ctid = ANY (ARRAY(
             SELECT e.place FROM forgotten f
             CROSS JOIN LATERAL (
                 SELECT ctid AS place FROM events
                 WHERE account_id = f.account_id AND sequence = f.sequence LIMIT 1) e))"
    };
}

macro_rules! delete_oldest {
    ($table:literal, $which:literal, $age:literal) => {
        concat!("DELETE FROM ", $table, " WHERE ", are_oldest!($table, $which, $age))
    };
}

pub(super) const MESSAGES: &str = delete_oldest!("messages", "true", "created_at");

pub(super) const WAITING_STATUSES: &str = delete_oldest!("waiting_statuses", "true", "at");

pub(super) const ENDED_SENDS: &str = delete_oldest!("sends", "state = 2", "ended_at");

pub(super) const UNKNOWN_SENDS: &str = delete_oldest!("sends", "state = 3", "ended_at");

pub(super) const POSTS: &str = delete_oldest!("inbound_posts", "true", "received_at");

pub(super) const SEEN: &str = delete_oldest!("inbound_seen", "true", "seen_at");

/// In one statement, so that a redelivery in between finds either all of it or nothing.
pub(super) const BODIES: &str = concat!(
    "WITH forgotten AS (
         UPDATE deliveries SET kept = FALSE WHERE ",
    are_oldest!("deliveries", "state = 'delivered' AND kept = TRUE", "ended_at"),
    "    RETURNING account_id, sequence)
     UPDATE events SET body = NULL WHERE ",
    are_its_events!()
);

macro_rules! delete_deliveries {
    ($which:literal) => {
        concat!(
            "WITH forgotten AS (
                 DELETE FROM deliveries WHERE ",
            are_oldest!("deliveries", $which, "ended_at"),
            "    RETURNING account_id, sequence)
             DELETE FROM events WHERE ",
            are_its_events!()
        )
    };
}

/// They have lost their bodies before.
pub(super) const DELIVERED: &str = delete_deliveries!("state = 'delivered' AND kept = FALSE");

pub(super) const DEAD: &str = delete_deliveries!("state = 'dead' AND kept = TRUE");

impl Postgres {
    /// Deletes up to `limit` rows by the statements together, and answers how many went. What a
    /// crash of the server brings back goes the next time.
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
