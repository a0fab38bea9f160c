//! Counting to whom forms have gone, in SQLite.

use std::borrow::Cow;

use sqlx::query_as;

use crate::store::recipients::{RecipientRow, Sent, accounts, rows};
use crate::store::sqlite::accounts::data_keys;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::sqlite::{Writing, json};
use crate::store::{Keyring, StoreError};

/// The messages that were answered, where they carry a form.
const ANSWERED: &str = "
    SELECT m.account_id, m.form, m.recipient
    FROM json_each($1) CROSS JOIN messages m
    WHERE m.wamid = value ->> 1 AND m.account_id = value ->> 0 AND m.form IS NOT NULL";

const INSERT: &str = "INSERT INTO form_recipients (account_id, form, mark) ";

/// Whoever fills a form in has got it, whether Meta tells so or not.
pub(in crate::store::sqlite) async fn count_answers(
    tx: &mut Writing,
    answered: &[(&str, Cow<'_, str>)],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    if answered.is_empty() {
        return Ok(());
    }
    let sent: Vec<Sent> = query_as(ANSWERED).bind(json(answered)?).fetch_all(&mut **tx).await?;
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
    for part in parts(&rows(sent, &keys)) {
        let insert = Statement::new(INSERT, part, bind, " ON CONFLICT DO NOTHING");
        insert.execute(&mut **tx).await?;
    }
    Ok(())
}

fn bind(row: &mut Row<'_>, recipient: &RecipientRow<'_>) {
    row.push_account(recipient.account).push_bind(recipient.form).push_bind(&recipient.mark[..]);
}
