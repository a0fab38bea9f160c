//! Ends of many sends in PostgreSQL, in one commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::query_as;

use crate::store::commit_groups::{Done, each};
use crate::store::intake::DataKeys;
use crate::store::postgres::messages::{self, column, hold_messages, numbered, waiting_for};
use crate::store::postgres::{Postgres, Writing};
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::{EndRow, known};
use crate::store::{Ending, StoreError};

/// Locks the sends and then the messages, each in one order on all nodes, before it changes them.
/// Answers which of them were there to be ended, and whether a status waits for any of the messages.
/// What waits is seen only because statuses are held back by a statement before this one: nothing
/// can begin to wait behind it.
///
/// Each is looked up by itself, and what is changed is written as an insert that always finds its
/// row. Joins, and an update is one, would be planned for what the server believes of the tables,
/// and read all of them.
const END: &str = concat!(
    "
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(
            $1::text[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::bytea[],
            $7::bigint[], $8::smallint[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
        AS t (account_id, key, message_id, state, reply_status, reply_body, ended_at, outcome,
              wamid, wa_id, error, n)),
    held AS MATERIALIZED (
        SELECT t.*, s.place
        FROM (SELECT * FROM told ORDER BY account_id COLLATE \"C\", key COLLATE \"C\") t
        CROSS JOIN LATERAL (
            SELECT s.ctid AS place FROM sends s
            WHERE s.account_id = t.account_id AND s.key = t.key AND s.message_id = t.message_id
              -- A late answer of Graph's is better than none, so it also ends what counts as
              -- unknown. But that is not released: somebody may have been told that it is unknown.
              -- As a CASE, for there are indexes of what is in a state, and the key is the way.
              AND CASE s.state WHEN 1 THEN TRUE WHEN 3 THEN t.state IS NOT NULL END
            LIMIT 1 FOR UPDATE) s),
    ended AS (
        INSERT INTO sends AS s
            (account_id, key, fingerprint, message_id, state, lease_until, reply_status,
             reply_body, created_at, ended_at)
        SELECT account_id, key, ''::bytea, message_id, state, 0, reply_status, reply_body, 0, ended_at
        FROM held WHERE state IS NOT NULL
        ON CONFLICT (account_id, key) DO UPDATE SET
            state = excluded.state,
            reply_status = CASE WHEN excluded.state = 3
                                THEN COALESCE(s.reply_status, excluded.reply_status)
                                ELSE excluded.reply_status END,
            reply_body = CASE WHEN excluded.state = 3
                              THEN COALESCE(s.reply_body, excluded.reply_body)
                              ELSE excluded.reply_body END,
            ended_at = CASE WHEN excluded.state = 3 THEN COALESCE(s.ended_at, excluded.ended_at)
                            ELSE excluded.ended_at END),
    -- A row that is held in state 1 is the one that this statement sees: nothing changes it and
    -- leaves it in that state.
    released AS (
        DELETE FROM sends WHERE ctid = ANY (ARRAY(SELECT place FROM held WHERE state IS NULL))),
    recorded AS MATERIALIZED (",
    hold_messages!("told", "message_id", ""),
    "),
    written AS (
        INSERT INTO messages AS m
            (account_id, id, phone_number_id, recipient, kind, created_at, outcome, wamid, wa_id,
             error)
        SELECT account_id, message_id, '', '', '', 0, outcome, wamid, wa_id, error FROM recorded
        ON CONFLICT (account_id, id) DO UPDATE SET
            -- What Meta has told of is accepted, whatever comes later: a failure of the send was
            -- none.
            outcome = CASE WHEN m.outcome = 1 THEN m.outcome ELSE excluded.outcome END,
            wamid = COALESCE(m.wamid, excluded.wamid),
            wa_id = COALESCE(m.wa_id, excluded.wa_id),
            error = CASE WHEN m.outcome = 1 THEN m.error
                         ELSE COALESCE(m.error, excluded.error) END)
    SELECT COALESCE((SELECT array_agg(n) FROM held), '{}'),
           EXISTS (SELECT FROM (SELECT * FROM told WHERE wamid IS NOT NULL) t
                   CROSS JOIN LATERAL (",
    waiting_for!("t.account_id", "t.message_id", "t.wamid"),
    ") w)"
);

impl Postgres {
    pub(super) async fn end_all(&self, endings: &[Arc<Ending>]) -> Done<bool> {
        let endings: Vec<&Ending> = endings.iter().map(Arc::as_ref).collect();
        let mut tx = self.write().await?;
        let accounts: BTreeSet<_> =
            endings.iter().map(|ending| ending.claim.account().as_str()).collect();
        // A status without our id in it may be about to wait for the wamid.
        let keys = messages::hold_back_statuses(&mut tx, accounts).await?;
        let keys = DataKeys::open(keys, &self.keyring)?;
        let wamids: Vec<_> = endings.iter().map(|ending| ending.wamid()).collect();
        let mut rest = EndRow::of_all(&endings, &wamids, &keys)?;

        let mut places = Vec::with_capacity(endings.len());
        let mut any_waits = false;
        while !rest.is_empty() {
            let (first, others) = EndRow::first_of_each_key(rest);
            let (held, waits) = end(&mut tx, &first).await?;
            places.extend(numbered(&first, held).map(|row| row.place));
            any_waits |= waits;
            rest = others;
        }
        if any_waits {
            messages::settle(&mut tx, &known(&endings, &wamids), &self.keyring).await?;
        }
        tx.commit().await?;
        Ok(each(endings.len(), places))
    }
}

async fn end(tx: &mut Writing, rows: &[EndRow<'_>]) -> Result<(Vec<i64>, bool), StoreError> {
    let end = query_as(END)
        .bind(column(rows, EndRow::account))
        .bind(column(rows, EndRow::key))
        .bind(column(rows, EndRow::message))
        .bind(column(rows, |row| row.state))
        .bind(column(rows, |row| row.reply.as_ref().map(|(status, _)| *status)))
        .bind(column(rows, |row| row.reply.as_ref().map(|(_, body)| body.as_slice())))
        .bind(column(rows, |row| row.ending.at.as_millis()))
        .bind(column(rows, |row| outcome_code(row.ending.result.outcome)))
        .bind(column(rows, |row| row.wamid))
        .bind(column(rows, |row| row.ending.wa_id()))
        .bind(column(rows, |row| row.ending.error()));
    Ok(end.fetch_one(&mut **tx).await?)
}
