//! The records of messages in PostgreSQL.

mod recipients;
mod statuses;

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use sqlx::{QueryBuilder, query, query_as};

pub(super) use recipients::count_answers;
pub(super) use statuses::apply_statuses;
pub(super) use statuses::{WAITING, hold_back, hold_back_statuses, settle};

use super::{Postgres, Writing, forget};
use crate::model::{AccountId, MessageId, MessageRecord, StatusUpdate, Timestamp};
use crate::store::rows::messages::{MessageRow, NewMessage};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, last_looked_at, list};
use crate::store::statuses::Recorded;
use crate::store::text::kept_key;
use crate::store::{MessageFilter, MessagePage, Messages, StoreError};

/// Those of `$told` whose message is there, and `$which`; `$id` names it. It is locked, in an order
/// that is the same on all nodes, and looked up by itself, as [`crate::store::sql::messages`] tells:
/// a join would be planned for what the server believes of the table, and read all of it.
macro_rules! hold_messages {
    ($told:literal, $id:literal, $which:literal) => {
        concat!(
            "SELECT t.* FROM (SELECT * FROM ",
            $told,
            " ORDER BY account_id COLLATE \"C\", ",
            $id,
            " COLLATE \"C\") t
             CROSS JOIN LATERAL (
                 SELECT FROM messages m
                 WHERE m.account_id = t.account_id AND m.id BETWEEN t.",
            $id,
            " AND t.",
            $id,
            $which,
            " ORDER BY m.id LIMIT 1 FOR NO KEY UPDATE) m"
        )
    };
}
pub(super) use hold_messages;

const RECORD: &str = "
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, form, created_at, outcome,
         progress, wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::bigint[], $9::smallint[], $10::smallint[], $11::text[], $12::text[], $13::bigint[],
        $14::bigint[], $15::bigint[], $16::bigint[], $17::text[])
    ON CONFLICT (account_id, id) DO NOTHING";

#[async_trait]
impl Messages for Postgres {
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), StoreError> {
        let mut rows: Vec<_> = records.iter().map(NewMessage::of).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.within(async {
            let mut tx = self.write().await?;
            let accounts: BTreeSet<_> = rows.iter().map(|row| row.account_id).collect();
            let living = hold_back_statuses(&mut tx, &accounts).await?;
            let living: HashSet<_> = living.iter().map(|(id, _)| id.as_str()).collect();
            rows.retain(|row| living.contains(row.account_id));
            record(&mut tx, &rows).await?;
            let recorded: Vec<_> = rows.iter().map(Recorded::from).collect();
            settle(&mut tx, &recorded, &self.keyring).await?;
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
        self.within(statuses::references(&self.pool, told)).await
    }

    async fn message(
        &self,
        account: &AccountId,
        id_or_wamid: &str,
    ) -> Result<Option<MessageRecord>, StoreError> {
        let row =
            query_as(MESSAGE_BY_ID_OR_WAMID).bind(account.as_str()).bind(kept_key(id_or_wamid));
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
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
            let mut list: QueryBuilder<sqlx::Postgres> = list(account, filter, after, limit);
            let rows = list.build_query_as().fetch_all(&self.pool).await?;
            let mut page = MessagePage::of(rows, account, limit)?;
            if page.next.is_none() {
                let mut last: QueryBuilder<sqlx::Postgres> = last_looked_at(account, filter, after);
                let last = last.build_query_scalar().fetch_optional(&self.pool).await?;
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

async fn record(tx: &mut Writing, rows: &[NewMessage<'_>]) -> Result<(), StoreError> {
    let insert = query(RECORD)
        .bind(column(rows, |row| row.account_id))
        .bind(column(rows, |row| &*row.id))
        .bind(column(rows, |row| row.phone_number_id))
        .bind(column(rows, |row| &*row.recipient))
        .bind(column(rows, |row| &*row.kind))
        .bind(column(rows, |row| row.reference.as_deref()))
        .bind(column(rows, |row| row.form.as_deref()))
        .bind(column(rows, |row| row.created_at))
        .bind(column(rows, |row| row.outcome))
        .bind(column(rows, |row| row.progress))
        .bind(column(rows, |row| row.wamid.as_deref()))
        .bind(column(rows, |row| row.wa_id.as_deref()))
        .bind(column(rows, |row| row.sent_at))
        .bind(column(rows, |row| row.delivered_at))
        .bind(column(rows, |row| row.read_at))
        .bind(column(rows, |row| row.failed_at))
        .bind(column(rows, |row| row.error.as_deref()));
    insert.execute(&mut **tx).await?;
    Ok(())
}

/// One column of a batch, as `unnest` takes it.
pub(super) fn column<'a, T, U>(rows: &'a [T], read: impl Fn(&'a T) -> U) -> Vec<U> {
    rows.iter().map(read).collect()
}

/// Those of a batch that `unnest WITH ORDINALITY` numbers so, which is from 1.
pub(super) fn numbered<T>(rows: &[T], numbers: Vec<i64>) -> impl Iterator<Item = &T> {
    let place = |number: i64| usize::try_from(number).ok()?.checked_sub(1);
    numbers.into_iter().filter_map(move |number| rows.get(place(number)?))
}
