//! Counting to whom forms have gone, in PostgreSQL.

use std::borrow::Cow;

use sqlx::{query, query_as};

use super::column;
use crate::store::postgres::Writing;
use crate::store::postgres::accounts::data_keys;
use crate::store::recipients::{Sent, accounts, rows};
use crate::store::{Keyring, StoreError};

/// The messages that were answered, where they carry a form. The limits have each looked up in
/// the index of wamids, whatever the database thinks of the table.
const ANSWERED: &str = "
    SELECT m.account_id, m.form, m.recipient
    FROM unnest($1::text[], $2::text[]) AS a (account_id, wamid)
    CROSS JOIN LATERAL (
        SELECT account_id, form, recipient FROM messages WHERE wamid = a.wamid LIMIT 100) AS m
    WHERE m.account_id = a.account_id AND m.form IS NOT NULL";

const INSERT: &str = "
    INSERT INTO form_recipients (account_id, form, mark)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
    ON CONFLICT DO NOTHING";

/// Whoever fills a form in has got it, whether Meta tells so or not.
pub(in crate::store::postgres) async fn count_answers(
    tx: &mut Writing,
    answered: &[(&str, Cow<'_, str>)],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    if answered.is_empty() {
        return Ok(());
    }
    let find = query_as(ANSWERED)
        .bind(column(answered, |(account, _)| *account))
        .bind(column(answered, |(_, wamid)| &**wamid));
    let sent: Vec<Sent> = find.fetch_all(&mut **tx).await?;
    count(tx, &sent, keyring).await
}

/// Each person is counted once for each form, however often this is called.
pub(super) async fn count(
    tx: &mut Writing,
    sent: &[Sent],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let accounts = accounts(sent);
    if accounts.is_empty() {
        return Ok(());
    }
    let keys = data_keys(tx, &accounts, keyring).await?;
    let rows = rows(sent, &keys);
    let insert = query(INSERT)
        .bind(column(&rows, |row| row.account))
        .bind(column(&rows, |row| row.form))
        .bind(column(&rows, |row| &row.mark[..]));
    insert.execute(&mut **tx).await?;
    Ok(())
}
