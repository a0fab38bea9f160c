//! Taking deliveries on, fair between accounts.

use sqlx::{query, query_as, query_scalar};

use super::super::{Sqlite, json};
use crate::model::Timestamp;
use crate::store::rows::{ClaimRow, claimed};
use crate::store::sql::deliveries::asking;
use crate::store::{ClaimedDelivery, StoreError};

/// The accounts that have anything pending, one leap along the index for each, however much it
/// is; and how each fares.
macro_rules! waiting {
    () => {
        concat!(
            "WITH RECURSIVE waiting (account_id) AS (
             SELECT min(account_id) FROM deliveries INDEXED BY deliveries_due
             WHERE state = 'pending'
             UNION ALL
             SELECT (SELECT min(d.account_id) FROM deliveries d INDEXED BY deliveries_due
                     WHERE d.state = 'pending' AND d.account_id > w.account_id)
             FROM waiting w WHERE w.account_id IS NOT NULL)",
            asking!()
        )
    };
}

/// The first few of an account that may be attempted at `$1`. Of what is held back, only what was
/// asked for by hand. What follows another waits until that one was attempted once.
macro_rules! first_due {
    ($limit:literal) => {
        concat!(
            "(SELECT * FROM (
                  SELECT d.sequence FROM deliveries d INDEXED BY deliveries_due
                  WHERE NOT a.held AND d.account_id = a.account_id AND d.state = 'pending'
                    AND d.due_at <= $1 AND (d.lease IS NULL OR d.lease_until <= $1)
                    AND NOT EXISTS (
                        SELECT 1 FROM deliveries l
                        WHERE l.account_id = d.account_id AND l.id = d.follows
                          AND l.state = 'pending' AND l.attempts = 0)
                  ORDER BY d.due_at, d.sequence LIMIT ",
            $limit,
            ")
              UNION ALL
              SELECT * FROM (
                  SELECT d.sequence FROM deliveries d INDEXED BY deliveries_by_hand
                  WHERE a.held AND d.manual AND d.account_id = a.account_id
                    AND d.state = 'pending'
                    AND d.due_at <= $1 AND (d.lease IS NULL OR d.lease_until <= $1)
                    AND NOT EXISTS (
                        SELECT 1 FROM deliveries l
                        WHERE l.account_id = d.account_id AND l.id = d.follows
                          AND l.state = 'pending' AND l.attempts = 0 AND l.manual)
                  ORDER BY d.due_at, d.sequence LIMIT ",
            $limit,
            ")
              UNION ALL
              SELECT d.sequence FROM deliveries d
              WHERE d.account_id = a.account_id AND d.id = a.probe
                AND NOT d.manual AND (d.lease IS NULL OR d.lease_until <= $1))"
        )
    };
}

/// Round by round: the first of each account, then the second of each. What an account has
/// running already counts as its earlier rounds.
const PICK: &str = concat!(
    waiting!(),
    ", running AS MATERIALIZED (
         SELECT account_id, count(*) AS running FROM deliveries INDEXED BY deliveries_leased
         WHERE lease IS NOT NULL AND lease_until > $1
         GROUP BY account_id),
     candidates AS (
         SELECT due.sequence, due.due_at,
                CASE WHEN a.failing THEN 1 ELSE $3 END AS most,
                COALESCE(r.running, 0)
                    + row_number() OVER (PARTITION BY a.account_id
                                         ORDER BY due.due_at, due.sequence) AS round
         FROM asking a LEFT JOIN running r ON r.account_id = a.account_id
         CROSS JOIN deliveries due ON due.sequence IN ",
    first_due!("$3"),
    " WHERE COALESCE(r.running, 0) < CASE WHEN a.failing THEN 1 ELSE $3 END)
     SELECT sequence FROM candidates WHERE round <= most
     ORDER BY round, due_at, sequence LIMIT $2"
);

const TAKE: &str = "
    UPDATE deliveries SET lease = $2, lease_until = $3
    WHERE sequence IN (SELECT value FROM json_each($1))";

const READ: &str = "
    SELECT d.id, d.account_id, d.sequence, d.scheduled_attempts,
           e.id AS event_id, e.kind, e.body, a.data_key, w.url, w.code,
           CASE WHEN w.previous_code_until > $2 THEN w.previous_code END AS previous_code
    FROM deliveries d
    JOIN events e ON e.sequence = d.sequence
    JOIN accounts a ON a.id = d.account_id
    LEFT JOIN webhook_configs w ON w.account_id = d.account_id
    WHERE d.sequence IN (SELECT value FROM json_each($1))
    ORDER BY d.due_at, d.sequence";

/// An account that is being attended to waits for its own endpoint, and not for us. Who they are is
/// asked once: there are few leases and many deliveries. What waited while its endpoint was shut has
/// waited for us since then.
const OLDEST_DUE: &str = concat!(
    waiting!(),
    ", attended AS MATERIALIZED (
         SELECT account_id FROM deliveries INDEXED BY deliveries_leased
         WHERE lease IS NOT NULL AND lease_until > $1)
     SELECT min(CASE WHEN a.held THEN due.due_at
                     ELSE max(due.due_at, COALESCE(a.shut_until, due.due_at)) END)
     FROM asking a
     CROSS JOIN deliveries due ON due.sequence IN ",
    first_due!("1"),
    " WHERE a.account_id NOT IN (SELECT account_id FROM attended)"
);

impl Sqlite {
    pub(super) async fn take_on(
        &self,
        now: Timestamp,
        lease_ends: Timestamp,
        limit: i64,
        per_account: i64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let lease = uuid::Uuid::new_v4().simple().to_string();
        let rows: Vec<ClaimRow> = self
            .within(async {
                // A claim that a power cut undoes is a lease that has run out.
                let mut tx = self.write_lightly().await?;
                let pick = query_scalar(PICK)
                    .bind(now.as_millis())
                    .bind(limit.max(0))
                    .bind(per_account.max(0));
                let picked: Vec<i64> = pick.fetch_all(&mut *tx).await?;
                if picked.is_empty() {
                    return Ok(Vec::new());
                }
                let picked = json(&picked)?;
                let take = query(TAKE).bind(&picked).bind(&lease).bind(lease_ends.as_millis());
                take.execute(&mut *tx).await?;
                let read = query_as(READ).bind(&picked).bind(now.as_millis());
                let rows = read.fetch_all(&mut *tx).await?;
                tx.commit().await?;
                Ok(rows)
            })
            .await?;
        claimed(rows, &lease, &self.keyring)
    }

    pub(super) async fn find_oldest_due(
        &self,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let oldest = query_scalar(OLDEST_DUE).bind(now.as_millis());
        let oldest = async { Ok(oldest.fetch_one(&self.readers).await?) };
        let oldest: Option<i64> = self.within(oldest).await?;
        Ok(oldest.map(Timestamp::from_millis))
    }
}
