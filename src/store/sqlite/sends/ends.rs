//! Ends of many sends.

use std::collections::HashSet;

use sqlx::query;

use crate::store::commit_groups::{Done, each};
use crate::store::intake::DataKeys;
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::{EndRow, known};
use crate::store::sqlite::messages::{settle, write_and_see};
use crate::store::sqlite::rows_at_once::{MOST_ROWS, Row, Statement, parts};
use crate::store::sqlite::{Sqlite, Writing};
use crate::store::{Ending, StoreError};

/// A late answer of Graph's is better than none, so it also ends what counts as unknown.
///
/// Where it fails all of the transaction is undone, so SQLite need not keep what it takes to undo
/// the statement alone.
const END: &str = "
    UPDATE OR FAIL sends SET
        state = told.column4,
        reply_status = CASE WHEN told.column4 = 3 THEN COALESCE(sends.reply_status, told.column5)
                            ELSE told.column5 END,
        reply_body = CASE WHEN told.column4 = 3 AND sends.reply_status IS NOT NULL
                          THEN sends.reply_body ELSE told.column6 END,
        ended_at = CASE WHEN told.column4 = 3 THEN COALESCE(sends.ended_at, told.column7)
                        ELSE told.column7 END
    FROM (";

const WHAT_HAS_NO_ANSWER: &str = ") AS told
    WHERE sends.account_id = told.column1 AND sends.key = told.column2
      AND sends.message_id = told.column3 AND sends.state <> 2";

/// No two replies are sealed alike: what holds this one was ended with it.
const HELD: &str = "SELECT s.message_id FROM (";

const ENDED_SO: &str = ") AS told CROSS JOIN sends s
    ON s.account_id = told.column1 AND s.key = told.column2 AND s.message_id = told.column3
    WHERE s.state = told.column4 AND (s.state = 3 OR s.reply_body = told.column6)";

/// Somebody may have been told that it is unknown; then it stays so.
const RELEASE: &str =
    "DELETE FROM sends WHERE account_id = $1 AND key = $2 AND message_id = $3 AND state = 1";

/// What Meta has told of is accepted, whatever comes later: a failure of the send was none.
const SET_RESULT: &str = "
    UPDATE OR FAIL messages SET
        outcome = CASE WHEN messages.outcome = 1 THEN messages.outcome ELSE told.column3 END,
        wamid = COALESCE(messages.wamid, told.column4),
        wa_id = COALESCE(messages.wa_id, told.column5),
        error = CASE WHEN messages.outcome = 1 THEN messages.error
                     ELSE COALESCE(messages.error, told.column6) END
    FROM (";

const OF_MESSAGES: &str =
    ") AS told WHERE messages.account_id = told.column1 AND messages.id = told.column2";

impl Sqlite {
    pub(super) async fn end_all(
        &self,
        tx: &mut Writing,
        endings: &[&Ending],
        keys: &DataKeys,
    ) -> Done<bool> {
        let wamids: Vec<_> = endings.iter().map(|ending| ending.wamid()).collect();
        let mut rest = EndRow::of_all(endings, &wamids, keys)?;

        let mut places = Vec::with_capacity(endings.len());
        let mut any_waits = false;
        while !rest.is_empty() {
            let (first, others) = EndRow::first_of_each_key(rest);
            let (held, waits) = end(tx, &first).await?;
            places.extend(held);
            any_waits |= waits;
            rest = others;
        }
        if any_waits {
            settle(tx, &known(endings, &wamids), &self.keyring).await?;
        }
        Ok(each(endings.len(), places))
    }
}

/// Answers the places of those that were there to be ended, and whether any status waits.
async fn end(tx: &mut Writing, rows: &[EndRow<'_>]) -> Result<(Vec<usize>, bool), StoreError> {
    let (released, ended): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.state.is_none());
    let mut held = Vec::with_capacity(rows.len());
    let mut any_waits = false;
    // In as few journeys as can be, although that makes for many different statements.
    for part in ended.chunks(MOST_ROWS) {
        let both = Statement::new(END, part, bind_end, WHAT_HAS_NO_ANSWER);
        let both = both.and(SET_RESULT, part, bind_result, OF_MESSAGES);
        let (changed, waits) = write_and_see(tx, both).await?;
        any_waits |= waits;
        // Mostly all are there, and a row told for each would wake whoever waits for it.
        if changed == 2 * part.len() {
            held.extend(part.iter().map(|row| row.place));
            continue;
        }
        let mut ours: Vec<(String,)> = Vec::new();
        for part in parts(part) {
            ours.extend(Statement::new(HELD, part, bind_end, ENDED_SO).fetch_all(&mut **tx).await?);
        }
        let ours: HashSet<_> = ours.iter().map(|(message,)| message.as_str()).collect();
        let ours = part.iter().filter(|row| ours.contains(row.message()));
        held.extend(ours.map(|row| row.place));
    }
    for row in &released {
        let release = query(RELEASE).bind(row.account()).bind(row.key()).bind(row.message());
        if release.execute(&mut **tx).await?.rows_affected() > 0 {
            held.push(row.place);
        }
    }
    for part in parts(&released) {
        let result = Statement::new(SET_RESULT, part, bind_result, OF_MESSAGES);
        any_waits |= write_and_see(tx, result).await?.1;
    }
    Ok((held, any_waits))
}

fn bind_end(to: &mut Row<'_>, row: &&EndRow<'_>) {
    to.push_account(row.account()).push_bind(row.key()).push_bind(row.message());
    to.push_bind(row.state).push_bind(row.reply.as_ref().map(|(status, _)| *status));
    to.push_bind(row.reply.as_ref().map(|(_, body)| body.as_slice()));
    to.push_bind(row.ending.at.as_millis());
}

fn bind_result(to: &mut Row<'_>, row: &&EndRow<'_>) {
    to.push_account(row.account()).push_bind(row.message());
    to.push_bind(outcome_code(row.ending.result.outcome)).push_bind(row.wamid);
    to.push_bind(row.ending.wa_id().as_deref());
    to.push_bind(row.ending.error().as_deref());
}
