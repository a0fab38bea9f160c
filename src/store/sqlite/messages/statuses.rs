//! Statuses of Meta's, and the messages they move forward, in SQLite.

use sqlx::{SqlitePool, query, query_as, query_scalar};

use super::{json, recipients};
use crate::model::{AccountId, StatusUpdate};
use crate::store::sql::messages::{advance_messages, find_messages, keep_waiting};
use crate::store::sqlite::Writing;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::statuses::{Recorded, StatusRow, sort_out};
use crate::store::{Keyring, StoreError};

macro_rules! find {
    ($column:literal) => {
        find_messages!(
            $column,
            "(SELECT key AS n, value ->> 'account_id' AS account_id, value ->> 'wamid' AS wamid,
                     value ->> 'message_id' AS message_id
              FROM json_each($1))"
        )
    };
}

const FIND: &str = find!("id");

const REFERENCES: &str = find!("reference");

const ADVANCE: &str = advance_messages!(
    "",
    "(SELECT value ->> 'account_id' AS account_id, value ->> 'id' AS id,
             value ->> 'wamid' AS wamid, value ->> 'wa_id' AS wa_id,
             value ->> 'progress' AS progress, value ->> 'sent_at' AS sent_at,
             value ->> 'delivered_at' AS delivered_at, value ->> 'read_at' AS read_at,
             value ->> 'failed_at' AS failed_at, value ->> 'error' AS error
      FROM json_each($1))"
);

const WAIT: &str = keep_waiting!(
    "(SELECT value ->> 'account_id' AS account_id, value ->> 'wamid' AS wamid,
             value ->> 'kind' AS kind, value ->> 'message_id' AS message_id,
             value ->> 'recipient' AS recipient, value ->> 'at' AS at, value ->> 'error' AS error
      FROM json_each($1))"
);

/// Takes out what waits for any of the messages.
const RECORDED: &str = "WITH recorded (account_id, id, wamid) AS MATERIALIZED (";

const TAKE: &str = ")
    DELETE FROM waiting_statuses WHERE rowid IN (
        SELECT w.rowid FROM recorded r CROSS JOIN waiting_statuses w
        WHERE w.account_id = r.account_id AND w.wamid = r.wamid
        UNION
        SELECT w.rowid FROM recorded r CROSS JOIN waiting_statuses w
        WHERE w.message_id = r.id AND w.account_id = r.account_id)
    RETURNING account_id, wamid, message_id, kind, recipient, at, error";

/// Moves the messages that the statuses are about forward, each by all of its statuses; a status
/// whose message is not recorded waits for it. Together with it what it says is committed.
pub(in crate::store::sqlite) async fn apply_statuses(
    tx: &mut Writing,
    told: &[(&AccountId, &StatusUpdate)],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let told = told.iter().map(|(account, told)| StatusRow::of(account, told)).collect();
    apply(tx, told, keyring).await
}

/// What their senders call the messages that the statuses are about, in the order given.
pub(in crate::store::sqlite) async fn references(
    readers: &SqlitePool,
    told: &[(AccountId, StatusUpdate)],
) -> Result<Vec<Option<String>>, StoreError> {
    let told: Vec<_> = told.iter().map(|(account, told)| StatusRow::of(account, told)).collect();
    Ok(query_scalar(REFERENCES).bind(json(&told)?).fetch_all(readers).await?)
}

/// Applies what has waited for messages that have just been written, or have got their wamid.
pub(in crate::store::sqlite) async fn settle(
    tx: &mut Writing,
    recorded: &[Recorded<'_>],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let mut waited = Vec::new();
    for part in parts(recorded) {
        let mut take = Statement::new(RECORDED, part, bind, TAKE);
        waited.extend(take.query_as::<StatusRow>().fetch_all(&mut **tx).await?);
    }
    apply(tx, waited, keyring).await
}

fn bind(row: &mut Row<'_>, recorded: &Recorded<'_>) {
    row.push_bind(recorded.account_id).push_bind(recorded.id).push_bind(recorded.wamid);
}

async fn apply(
    tx: &mut Writing,
    told: Vec<StatusRow>,
    keyring: &Keyring,
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let found = query_scalar(FIND).bind(json(&told)?).fetch_all(&mut **tx).await?;
    let (advances, missing) = sort_out(told, found);
    if !advances.is_empty() {
        let sent = query_as(ADVANCE).bind(json(&advances)?).fetch_all(&mut **tx).await?;
        recipients::count(tx, &sent, keyring).await?;
    }
    if !missing.is_empty() {
        query(WAIT).bind(json(&missing)?).execute(&mut **tx).await?;
    }
    Ok(())
}
