//! Ends of many sends in PostgreSQL, in one commit.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::{PgConnection, query_as};

use crate::store::commit_groups::{Done, each};
use crate::store::intake::DataKeys;
use crate::store::postgres::Postgres;
use crate::store::postgres::messages::{self, WAITING, column, hold_back, hold_messages, numbered};
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::{EndRow, known};
use crate::store::{Ending, StoreError};

/// Locks the sends and then the messages, each in one order on all nodes, before it changes them.
///
/// A transaction of its own, or `$15`: one in which statuses are held back already, and what waits is
/// applied behind this. Answers which of the sends were there to be ended, and whether a status waits
/// for any of the messages. A transaction of its own does nothing if one does, and answers NULL; the
/// same if an account is gone, or has another data key than the one that has sealed its replies.
///
/// Each is looked up by itself, and what is changed is written as an insert that always finds its
/// row. Joins, and an update is one, would be planned for what the server believes of the tables,
/// and read all of them.
const END: &str = concat!(
    "
    WITH there AS MATERIALIZED (",
    hold_back!("$12::text[]", "$13"),
    "),
    asked AS MATERIALIZED (
        SELECT CASE count(*) WHEN cardinality($12) THEN a_status_waits($1, $3, $9) END AS waits
        FROM unnest($12, $14::bytea[]) AS k (id, data_key)
        JOIN there ON there.id = k.id AND ($15 OR there.data_key = k.data_key)),
    told AS MATERIALIZED (
        SELECT * FROM unnest(
            $1::text[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::bytea[],
            $7::bigint[], $8::smallint[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
        AS t (account_id, key, message_id, state, reply_status, reply_body, ended_at, outcome,
              wamid, wa_id, error, n)
        WHERE (SELECT waits IS NOT NULL AND (NOT waits OR $15) FROM asked)),
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
    SELECT CASE WHEN NOT waits OR $15 THEN COALESCE((SELECT array_agg(n) FROM held), '{}') END,
           COALESCE(waits, FALSE)
    FROM asked"
);

impl Postgres {
    pub(super) async fn end_all(&self, endings: &[Arc<Ending>]) -> Done<bool> {
        let endings: Vec<&Ending> = endings.iter().map(Arc::as_ref).collect();
        let wamids: Vec<_> = endings.iter().map(|ending| ending.wamid()).collect();
        let accounts: BTreeSet<_> =
            endings.iter().map(|ending| ending.claim.account().as_str()).collect();
        let places = match self.end_at_once(&endings, &wamids, &accounts).await? {
            Some(places) => places,
            None => Box::pin(self.end_in_steps(&endings, &wamids, &accounts)).await?,
        };
        Ok(each(endings.len(), places))
    }

    /// What is usual: `None`, and nothing is done, if it is not.
    async fn end_at_once(
        &self,
        endings: &[&Ending],
        wamids: &[Option<Cow<'_, str>>],
        accounts: &BTreeSet<&str>,
    ) -> Result<Option<Vec<usize>>, StoreError> {
        let known = |id: &&str| Some(((*id).to_owned(), self.data_keys.get(*id)?));
        let Some(keys) = accounts.iter().map(known).collect::<Option<DataKeys>>() else {
            return Ok(None);
        };
        let (rows, others) = EndRow::first_of_each_key(EndRow::of_all(endings, wamids, &keys)?);
        if !others.is_empty() {
            return Ok(None);
        }
        let mut lent = self.writers.lend().await?;
        let (held, _) = end(&mut lent, &rows, &keys, false).await?;
        self.writers.done(lent);
        Ok(held.map(|held| numbered(&rows, held).map(|row| row.place).collect()))
    }

    async fn end_in_steps(
        &self,
        endings: &[&Ending],
        wamids: &[Option<Cow<'_, str>>],
        accounts: &BTreeSet<&str>,
    ) -> Result<Vec<usize>, StoreError> {
        let mut tx = self.write().await?;
        // A status without our id in it may be about to wait for the wamid.
        let keys = messages::hold_back_statuses(&mut tx, accounts).await?;
        let keys = DataKeys::open(keys, &self.keyring)?;
        for (id, key) in keys.all() {
            self.data_keys.insert(id.clone(), Arc::clone(key));
        }
        let mut rest = EndRow::of_all(endings, wamids, &keys)?;

        let mut places = Vec::with_capacity(endings.len());
        let mut any_waits = false;
        while !rest.is_empty() {
            let (first, others) = EndRow::first_of_each_key(rest);
            let (held, waits) = end(&mut tx, &first, &keys, true).await?;
            places.extend(numbered(&first, held.unwrap_or_default()).map(|row| row.place));
            any_waits |= waits;
            rest = others;
        }
        if any_waits {
            messages::settle(&mut tx, &known(endings, wamids), &self.keyring).await?;
        }
        tx.commit().await?;
        Ok(places)
    }
}

async fn end(
    connection: &mut PgConnection,
    rows: &[EndRow<'_>],
    keys: &DataKeys,
    in_steps: bool,
) -> Result<(Option<Vec<i64>>, bool), StoreError> {
    let (ids, wrapped): (Vec<_>, Vec<_>) =
        keys.all().map(|(id, key)| (id.as_str(), key.wrapped.as_slice())).unzip();
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
        .bind(column(rows, |row| row.ending.error()))
        .bind(ids)
        .bind(WAITING)
        .bind(wrapped)
        .bind(in_steps);
    Ok(end.fetch_one(connection).await?)
}
