//! Ends of many sends in PostgreSQL, in one commit.

use std::collections::{BTreeSet, HashSet};

use sqlx::query_scalar;

use crate::store::commit_groups::{Done, each};
use crate::store::intake::DataKeys;
use crate::store::postgres::messages::{self, column};
use crate::store::postgres::{Postgres, Writing};
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::{EndRow, known};
use crate::store::{Ending, StoreError};

/// Locks the sends and then the messages, each in one order on all nodes, before it changes them.
/// Answers the messages of those that were there to be ended.
const END: &str = "
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(
            $1::text[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::bytea[],
            $7::bigint[], $8::smallint[], $9::text[], $10::text[], $11::text[])
        AS t (account_id, key, message_id, state, reply_status, reply_body, ended_at, outcome,
              wamid, wa_id, error)),
    held AS MATERIALIZED (
        SELECT t.account_id, t.key, t.message_id, t.state, t.reply_status, t.reply_body,
               t.ended_at
        FROM told t
        JOIN sends s ON s.account_id = t.account_id AND s.key = t.key
                    AND s.message_id = t.message_id
        -- A late answer of Graph's is better than none, so it also ends what counts as unknown. But
        -- that is not released: somebody may have been told that it is unknown.
        WHERE s.state = 1 OR (s.state = 3 AND t.state IS NOT NULL)
        ORDER BY s.account_id, s.key FOR UPDATE OF s),
    ended AS (
        UPDATE sends s SET
            state = h.state,
            reply_status = CASE WHEN h.state = 3 THEN COALESCE(s.reply_status, h.reply_status)
                                ELSE h.reply_status END,
            reply_body = CASE WHEN h.state = 3 THEN COALESCE(s.reply_body, h.reply_body)
                              ELSE h.reply_body END,
            ended_at = CASE WHEN h.state = 3 THEN COALESCE(s.ended_at, h.ended_at)
                            ELSE h.ended_at END
        FROM held h
        WHERE s.account_id = h.account_id AND s.key = h.key AND h.state IS NOT NULL),
    released AS (
        DELETE FROM sends s USING held h
        WHERE s.account_id = h.account_id AND s.key = h.key AND h.state IS NULL),
    recorded AS MATERIALIZED (
        SELECT m.account_id, m.id, t.outcome, t.wamid, t.wa_id, t.error
        FROM told t
        JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
        ORDER BY m.account_id, m.id FOR NO KEY UPDATE OF m),
    written AS (
        UPDATE messages m SET
            -- What Meta has told of is accepted, whatever comes later: a failure of the send was
            -- none.
            outcome = CASE WHEN m.outcome = 1 THEN m.outcome ELSE r.outcome END,
            wamid = COALESCE(m.wamid, r.wamid), wa_id = COALESCE(m.wa_id, r.wa_id),
            error = CASE WHEN m.outcome = 1 THEN m.error ELSE COALESCE(m.error, r.error) END
        FROM recorded r WHERE m.account_id = r.account_id AND m.id = r.id)
    SELECT message_id FROM held";

impl Postgres {
    pub(super) async fn end_all(&self, endings: &[Ending]) -> Done<bool> {
        let mut tx = self.write().await?;
        let accounts: BTreeSet<_> = endings.iter().map(|ending| ending.account.as_str()).collect();
        // A status without our id in it may be about to wait for the wamid.
        let keys = messages::hold_back_statuses(&mut tx, accounts).await?;
        let keys = DataKeys::open(keys, &self.keyring)?;
        let wamids: Vec<_> = endings.iter().map(Ending::wamid).collect();
        let mut rest = EndRow::of_all(endings, &wamids, &keys)?;

        let mut places = HashSet::new();
        while !rest.is_empty() {
            let (first, others) = EndRow::first_of_each_key(rest);
            let held = end(&mut tx, &first).await?;
            let held = first.iter().filter(|row| held.contains(row.message()));
            places.extend(held.map(|row| row.place));
            rest = others;
        }
        messages::settle(&mut tx, &known(endings, &wamids), &self.keyring).await?;
        tx.commit().await?;
        Ok(each(endings.len(), &places))
    }
}

async fn end(tx: &mut Writing, rows: &[EndRow<'_>]) -> Result<HashSet<String>, StoreError> {
    let end = query_scalar(END)
        .bind(column(rows, EndRow::account))
        .bind(column(rows, |row| row.ending.key.as_str()))
        .bind(column(rows, EndRow::message))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| row.reply.as_ref().map(|(status, _)| *status)))
        .bind(column(rows, |row| row.reply.as_ref().map(|(_, body)| body.as_slice())))
        .bind(column(rows, |row| row.ending.at.as_millis()))
        .bind(column(rows, |row| outcome_code(row.ending.result.outcome)))
        .bind(column(rows, |row| row.wamid))
        .bind(column(rows, |row| row.ending.wa_id()))
        .bind(column(rows, |row| row.ending.error()));
    let held: Vec<String> = end.fetch_all(&mut **tx).await?;
    Ok(held.into_iter().collect())
}
