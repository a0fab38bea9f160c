//! Taking deliveries on, fair between accounts.

use sqlx::{query_as, query_scalar};

use super::super::Postgres;
use crate::model::Timestamp;
use crate::store::rows::{ClaimRow, claimed};
use crate::store::sql::deliveries::asking;
use crate::store::{ClaimedDelivery, StoreError};

/// How much is pending changes faster than what the planner knows of it, and a plan that was made
/// for a few deliveries joins all of many with all of them. So each time it plans anew, which takes
/// a millisecond.
macro_rules! planned_anew {
    () => {
        "SET LOCAL plan_cache_mode = force_custom_plan"
    };
}

/// One node at a time: each then sees what the others hold, so that no account is given more
/// than its share and nobody comes away empty-handed while there is work. It lasts milliseconds.
///
/// A claim may be forgotten in a crash of the server: then it is a lease that has run out.
const TAKE_TURNS: &str = concat!(
    "BEGIN; SET LOCAL synchronous_commit = off; ",
    planned_anew!(),
    "; SELECT pg_advisory_xact_lock(7161723364)"
);

const LOOK: &str = concat!("BEGIN READ ONLY; ", planned_anew!());

/// The accounts that have anything pending, one leap along the index for each, however much it
/// is; and how each fares.
macro_rules! waiting {
    () => {
        concat!(
            "WITH RECURSIVE waiting (account_id) AS (
             (SELECT account_id FROM deliveries WHERE state = 'pending'
              ORDER BY account_id LIMIT 1)
             UNION ALL
             SELECT (SELECT d.account_id FROM deliveries d
                     WHERE d.state = 'pending' AND d.account_id > w.account_id
                     ORDER BY d.account_id LIMIT 1)
             FROM waiting w WHERE w.account_id IS NOT NULL)",
            asking!()
        )
    };
}

/// The first few of an account that may be attempted at `$1`. Of what is held back, only what was
/// asked for by hand. What follows another waits until that one was attempted once: each looks up
/// the one that it follows. As `NOT EXISTS` it would be a join, of all that is due with all that
/// is pending.
macro_rules! first_due {
    ($limit:literal) => {
        concat!(
            "((SELECT d.id, d.due_at, d.sequence FROM deliveries d
               WHERE NOT a.held AND d.account_id = a.account_id AND d.state = 'pending'
                 AND d.due_at <= $1 AND (d.lease IS NULL OR d.lease_until <= $1)
                 AND (d.follows IS NULL OR (
                     SELECT l.state = 'pending' AND l.attempts = 0 FROM deliveries l
                     WHERE l.account_id = d.account_id AND l.id = d.follows) IS NOT TRUE)
               ORDER BY d.due_at, d.sequence LIMIT ",
            $limit,
            ")
              UNION ALL
              (SELECT d.id, d.due_at, d.sequence FROM deliveries d
               WHERE a.held AND d.manual AND d.account_id = a.account_id
                 AND d.state = 'pending'
                 AND d.due_at <= $1 AND (d.lease IS NULL OR d.lease_until <= $1)
                 AND (d.follows IS NULL OR (
                     SELECT l.state = 'pending' AND l.attempts = 0 AND l.manual
                     FROM deliveries l
                     WHERE l.account_id = d.account_id AND l.id = d.follows) IS NOT TRUE)
               ORDER BY d.due_at, d.sequence LIMIT ",
            $limit,
            ")
              UNION ALL
              SELECT d.id, d.due_at, d.sequence FROM deliveries d
              WHERE d.account_id = a.account_id AND d.id = a.probe
                AND NOT d.manual AND (d.lease IS NULL OR d.lease_until <= $1))"
        )
    };
}

/// Round by round: the first of each account, then the second of each. What an account has
/// running already counts as its earlier rounds. What somebody changes right now is skipped. That a
/// candidate is still pending is asked so that the planner does not see it, or it might look for
/// the candidates in all that is pending, and not by their keys.
const CLAIM: &str = concat!(
    waiting!(),
    ", running AS (
         SELECT account_id, count(*) AS running FROM deliveries
         WHERE lease IS NOT NULL AND lease_until > $1
         GROUP BY account_id),
     candidates AS (
         SELECT a.account_id, due.*,
                CASE WHEN a.failing THEN 1 ELSE $4 END AS most,
                COALESCE(r.running, 0)
                    + row_number() OVER (PARTITION BY a.account_id
                                         ORDER BY due.due_at, due.sequence) AS round
         FROM asking a LEFT JOIN running r ON r.account_id = a.account_id
         CROSS JOIN LATERAL ",
    first_due!("$4"),
    " AS due
         WHERE COALESCE(r.running, 0) < CASE WHEN a.failing THEN 1 ELSE $4 END),
     picked AS (
         SELECT d.account_id, d.id
         FROM candidates c JOIN deliveries d ON d.account_id = c.account_id AND d.id = c.id
         WHERE c.round <= c.most
           AND d.state || '' = 'pending' AND (d.lease IS NULL OR d.lease_until <= $1)
         ORDER BY c.round, c.due_at, c.sequence
         LIMIT $3 FOR UPDATE OF d SKIP LOCKED),
     taken AS (
         UPDATE deliveries d SET lease = $5, lease_until = $2
         FROM picked p WHERE d.account_id = p.account_id AND d.id = p.id
         RETURNING d.id, d.account_id, d.sequence, d.due_at, d.scheduled_attempts)
     SELECT t.id, t.account_id, t.sequence, t.scheduled_attempts,
            e.id AS event_id, e.kind, e.body, a.data_key, w.url, w.code,
            CASE WHEN w.previous_code_until > $1 THEN w.previous_code END AS previous_code
     FROM taken t
     JOIN events e ON e.account_id = t.account_id AND e.sequence = t.sequence
     JOIN accounts a ON a.id = t.account_id
     LEFT JOIN webhook_configs w ON w.account_id = t.account_id
     ORDER BY t.due_at, t.sequence"
);

/// An account that is being attended to waits for its own endpoint, and not for us. Who they are is
/// asked once: there are few leases and many deliveries. What waited while its endpoint was shut has
/// waited for us since then.
const OLDEST_DUE: &str = concat!(
    waiting!(),
    ", attended AS MATERIALIZED (
         SELECT account_id FROM deliveries WHERE lease IS NOT NULL AND lease_until > $1)
     SELECT min(CASE WHEN a.held THEN due.due_at ELSE GREATEST(due.due_at, a.shut_until) END)
     FROM asking a CROSS JOIN LATERAL ",
    first_due!("1"),
    " AS due
      WHERE a.account_id NOT IN (SELECT account_id FROM attended)"
);

impl Postgres {
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
                let mut tx = self.writers.begin(TAKE_TURNS).await?;
                let claim = query_as(CLAIM)
                    .bind(now.as_millis())
                    .bind(lease_ends.as_millis())
                    .bind(limit.max(0))
                    .bind(per_account.max(0))
                    .bind(&lease);
                let rows = claim.fetch_all(&mut *tx).await?;
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
        let oldest = async {
            let mut look = self.writers.begin(LOOK).await?;
            let oldest = oldest.fetch_one(&mut *look).await?;
            look.commit().await?;
            Ok(oldest)
        };
        let oldest: Option<i64> = self.within(oldest).await?;
        Ok(oldest.map(Timestamp::from_millis))
    }
}
