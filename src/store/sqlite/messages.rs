//! The records of messages in SQLite.

mod recipients;
mod statuses;

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::{QueryBuilder, query_as};

pub(super) use recipients::count_answers;
pub(super) use statuses::{apply_statuses, settle, write_and_see};

use super::rows_at_once::{Row, Statement, parts};
use super::writer::begin_and;
use super::{Sqlite, Writing, forget};
use crate::model::{AccountId, MessageId, MessageRecord, StatusUpdate, Timestamp};
use crate::store::rows::messages::{MessageRow, NewMessage};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, last_looked_at, list};
use crate::store::statuses::Recorded;
use crate::store::text::kept_key;
use crate::store::{MessageFilter, MessagePage, Messages, StoreError};

/// Many records in one statement, which costs less than one statement for each.
const RECORD: &str = "
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, form, created_at, outcome,
         progress, wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error) ";

/// Of a send that has just been claimed nothing more is known.
pub(super) const RECORD_BEGUN: &str = "
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, form, created_at)
    SELECT * FROM (";

const ALL_OF_THEM: &str = ") WHERE true ON CONFLICT (account_id, id) DO NOTHING";

const UNLESS_THERE: &str = " ON CONFLICT (account_id, id) DO NOTHING";

/// Which accounts are there: one look for each, and not for each of their messages.
const BEGIN_WITH_THE_LIVING: &str =
    begin_and!("SELECT id FROM accounts WHERE id IN (SELECT value FROM json_each($1))");

#[async_trait]
impl Messages for Sqlite {
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut rows: Vec<_> = records.iter().map(NewMessage::of).collect();
        self.within(async {
            let accounts = rows.iter().map(|row| row.account_id);
            let (mut tx, living) = self.write_and_ask(accounts, BEGIN_WITH_THE_LIVING).await?;
            let living: HashSet<_> = living.iter().map(|(id,): &(String,)| id.as_str()).collect();
            rows.retain(|row| living.contains(row.account_id));
            if insert(&mut tx, &rows).await? {
                let recorded: Vec<_> = rows.iter().map(Recorded::from).collect();
                settle(&mut tx, &recorded, &self.keyring).await?;
            }
            tx.commit().await
        })
        .await
    }

    async fn apply_statuses(&self, told: &[(AccountId, StatusUpdate)]) -> Result<(), StoreError> {
        let told: Vec<_> = told.iter().map(|(account, told)| (account, told)).collect();
        self.within(async {
            let mut tx = self.write().await?;
            apply_statuses(&mut tx, &told, &self.keyring).await?;
            tx.commit().await
        })
        .await
    }

    async fn references(
        &self,
        told: &[(AccountId, StatusUpdate)],
    ) -> Result<Vec<Option<String>>, StoreError> {
        self.within(statuses::references(&self.readers, told)).await
    }

    async fn message(
        &self,
        account: &AccountId,
        id_or_wamid: &str,
    ) -> Result<Option<MessageRecord>, StoreError> {
        let row =
            query_as(MESSAGE_BY_ID_OR_WAMID).bind(account.as_str()).bind(kept_key(id_or_wamid));
        let row = async { Ok(row.fetch_optional(&self.readers).await?) };
        let row: Option<MessageRow> = self.within(row).await?;
        row.map(|row| row.into_record(account)).transpose()
    }

    async fn messages(
        &self,
        account: &AccountId,
        filter: &MessageFilter,
        after: Option<&MessageId>,
        limit: i64,
    ) -> Result<MessagePage, StoreError> {
        self.within(async {
            let mut list: QueryBuilder<sqlx::Sqlite> = list(account, filter, after, limit);
            let rows = list.build_query_as().fetch_all(&self.readers).await?;
            let mut page = MessagePage::of(rows, account, limit)?;
            if page.next.is_none() {
                let mut last: QueryBuilder<sqlx::Sqlite> = last_looked_at(account, filter, after);
                let last = last.build_query_scalar().fetch_optional(&self.readers).await?;
                page.goes_on_behind(last);
            }
            Ok(page)
        })
        .await
    }

    async fn forget_messages(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.forget(&[(forget::MESSAGES, before)], limit).await
    }

    async fn forget_waiting_statuses(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.forget(&[(forget::WAITING_STATUSES, before)], limit).await
    }
}

/// All of them of accounts that are there. Answers whether any status waits.
async fn insert(tx: &mut Writing, rows: &[NewMessage<'_>]) -> Result<bool, StoreError> {
    let mut any_waits = false;
    for part in parts(rows) {
        let insert = Statement::new(RECORD, part, bind, UNLESS_THERE);
        any_waits |= write_and_see(tx, insert).await?.1;
    }
    Ok(any_waits)
}

/// The records of sends that have just been claimed.
pub(super) async fn begin(tx: &mut Writing, rows: &[&NewMessage<'_>]) -> Result<(), StoreError> {
    for part in parts(rows) {
        let begin =
            Statement::new(RECORD_BEGUN, part, |row, new| bind_begun(row, new), ALL_OF_THEM);
        begin.execute(&mut **tx).await?;
    }
    Ok(())
}

pub(super) fn bind_begun(row: &mut Row<'_>, new: &NewMessage<'_>) {
    let NewMessage { account_id, phone_number_id, created_at, .. } = new;
    row.push_account(account_id).push_bind(&*new.id).push_bind(*phone_number_id);
    row.push_bind(&*new.recipient).push_bind(&*new.kind);
    row.push_bind(new.reference.as_deref()).push_bind(new.form.as_deref());
    row.push_bind(*created_at);
}

fn bind(row: &mut Row<'_>, new: &NewMessage<'_>) {
    bind_begun(row, new);
    row.push_bind(new.outcome).push_bind(new.progress);
    row.push_bind(new.wamid.as_deref()).push_bind(new.wa_id.as_deref());
    row.push_bind(new.sent_at).push_bind(new.delivered_at).push_bind(new.read_at);
    row.push_bind(new.failed_at).push_bind(new.error.as_deref());
}
