//! Statuses of Meta's, and the messages they move forward, in SQLite.

use sqlx::SqlitePool;

use super::recipients;
use crate::model::{AccountId, StatusUpdate};
use crate::store::recipients::Sent;
use crate::store::sql::messages::{advanced, advances, find_messages, keep_waiting};
use crate::store::sqlite::Writing;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::statuses::{Advance, Recorded, StatusRow, sort_out};
use crate::store::{Keyring, StoreError};

const TOLD: &str = "WITH told (n, account_id, wamid, message_id) AS (";

const FIND: &str = concat!(") ", find_messages!("id", "told"));

const REFERENCES: &str = concat!(") ", find_messages!("reference", "told"));

const ADVANCES: &str = "WITH told (account_id, id, wamid, wa_id, progress, sent_at, delivered_at,
                                   read_at, failed_at, error) AS (";

const ADVANCE: &str = concat!(
    ") UPDATE messages SET ",
    advances!(),
    " FROM told AS excluded
      WHERE messages.account_id = excluded.account_id AND messages.id = excluded.id",
    advanced!()
);

const MISSING: &str = "WITH told (account_id, wamid, kind, message_id, recipient, at, error) AS (";

const WAIT: &str = concat!(") ", keep_waiting!("told"));

const ANY_WAITS: &str = "SELECT EXISTS (SELECT 1 FROM waiting_statuses)";

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
    let mut references = Vec::with_capacity(told.len());
    for part in parts(&numbered(&told)) {
        let find = Statement::new(TOLD, part, bind_told, REFERENCES);
        let found: Vec<(Option<String>,)> = find.fetch_all(readers).await?;
        references.extend(found.into_iter().map(|(reference,)| reference));
    }
    Ok(references)
}

/// Writes, and answers how many rows were changed, and whether any status waits: usually none does,
/// and who is alone with the database need not look for each message.
pub(in crate::store::sqlite) async fn write_and_see(
    tx: &mut Writing,
    write: Statement,
) -> Result<(usize, bool), StoreError> {
    let (changed, waits) = write.then(ANY_WAITS).answers::<(bool,)>(&mut **tx).await?;
    Ok((changed, waits.contains(&(true,))))
}

/// Applies what has waited for messages that have just been written, or have got their wamid.
pub(in crate::store::sqlite) async fn settle(
    tx: &mut Writing,
    recorded: &[Recorded<'_>],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let mut waited = Vec::new();
    for part in parts(recorded) {
        let take = Statement::new(RECORDED, part, bind, TAKE);
        waited.extend(take.fetch_all::<StatusRow>(&mut **tx).await?);
    }
    apply(tx, waited, keyring).await
}

fn bind(row: &mut Row<'_>, recorded: &Recorded<'_>) {
    row.push_account(recorded.account_id).push_bind(recorded.id).push_bind(recorded.wamid);
}

async fn apply(
    tx: &mut Writing,
    told: Vec<StatusRow>,
    keyring: &Keyring,
) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let mut found = Vec::with_capacity(told.len());
    for part in parts(&numbered(&told)) {
        let find = Statement::new(TOLD, part, bind_told, FIND);
        found.extend(find.fetch_all(&mut **tx).await?);
    }
    let found = found.into_iter().map(|(id,)| id).collect();
    let (advances, missing) = sort_out(told, found);
    let mut sent = Vec::new();
    for part in parts(&advances) {
        let advance = Statement::new(ADVANCES, part, bind_advance, ADVANCE);
        sent.extend(advance.fetch_all::<Sent>(&mut **tx).await?);
    }
    recipients::count(tx, &sent, keyring).await?;
    for part in parts(&missing) {
        Statement::new(MISSING, part, bind_missing, WAIT).execute(&mut **tx).await?;
    }
    Ok(())
}

/// With their places: what is found for them comes in their order.
fn numbered(told: &[StatusRow]) -> Vec<(i64, &StatusRow)> {
    (0..).zip(told).collect()
}

fn bind_told(row: &mut Row<'_>, (place, told): &(i64, &StatusRow)) {
    row.push_bind(*place).push_account(&told.account_id).push_bind(&*told.wamid);
    row.push_bind(told.message_id.as_deref());
}

fn bind_advance(row: &mut Row<'_>, to: &Advance) {
    row.push_account(&to.account_id).push_bind(&*to.id).push_bind(&*to.wamid);
    row.push_bind(to.wa_id.as_deref()).push_bind(to.progress).push_bind(to.sent_at);
    row.push_bind(to.delivered_at).push_bind(to.read_at).push_bind(to.failed_at);
    row.push_bind(to.error.as_deref());
}

fn bind_missing(row: &mut Row<'_>, told: &StatusRow) {
    row.push_account(&told.account_id).push_bind(&*told.wamid).push_bind(told.kind);
    row.push_bind(told.message_id.as_deref()).push_bind(told.recipient.as_deref());
    row.push_bind(told.at).push_bind(told.error.as_deref());
}
