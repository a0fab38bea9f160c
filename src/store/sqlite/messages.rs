//! The records of messages in SQLite.

mod statuses;

use async_trait::async_trait;
use serde::Serialize;
use sqlx::{QueryBuilder, query, query_as};

pub(super) use statuses::apply_statuses;
pub(super) use statuses::settle;

use super::Sqlite;
use crate::model::{AccountId, MessageId, MessageRecord, StatusUpdate, Timestamp};
use crate::store::rows::messages::{MessageRow, NewMessage};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, list};
use crate::store::statuses::Recorded;
use crate::store::text::kept_key;
use crate::store::{Cause, MessageFilter, Messages, StoreError};

/// All records in one statement, which costs less than one statement for each.
const RECORD: &str = "
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, created_at, outcome,
         progress, wamid, wa_id, sent_at, delivered_at, read_at, failed_at, error)
    SELECT a.id, value ->> 'id', value ->> 'phone_number_id', value ->> 'recipient',
           value ->> 'kind', value ->> 'reference', value ->> 'created_at', value ->> 'outcome',
           value ->> 'progress', value ->> 'wamid', value ->> 'wa_id', value ->> 'sent_at',
           value ->> 'delivered_at', value ->> 'read_at', value ->> 'failed_at',
           value ->> 'error'
    FROM json_each($1) CROSS JOIN accounts a ON a.id = value ->> 'account_id'
    WHERE true
    ON CONFLICT (account_id, id) DO NOTHING";

const FORGET: &str = "
    DELETE FROM messages WHERE rowid IN (
        SELECT rowid FROM messages WHERE created_at < $1 ORDER BY created_at LIMIT $2)";

const FORGET_WAITING: &str = "
    DELETE FROM waiting_statuses WHERE rowid IN (
        SELECT rowid FROM waiting_statuses WHERE at < $1 ORDER BY at LIMIT $2)";

#[async_trait]
impl Messages for Sqlite {
    async fn record_messages(&self, records: &[MessageRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = records.iter().map(NewMessage::of).collect();
        self.within(async {
            let mut tx = self.write().await?;
            query(RECORD).bind(json(&rows)?).execute(&mut *tx).await?;
            let recorded: Vec<_> = rows.iter().map(Recorded::from).collect();
            settle(&mut tx, &recorded).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn apply_statuses(&self, told: &[(AccountId, StatusUpdate)]) -> Result<(), StoreError> {
        let told: Vec<_> = told.iter().map(|(account, told)| (account, told)).collect();
        self.within(async {
            let mut tx = self.write().await?;
            apply_statuses(&mut tx, &told).await?;
            Ok(tx.commit().await?)
        })
        .await
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
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let mut list: QueryBuilder<sqlx::Sqlite> = list(account, filter, after, limit);
        let rows = async { Ok(list.build_query_as().fetch_all(&self.readers).await?) };
        let rows: Vec<MessageRow> = self.within(rows).await?;
        rows.into_iter().map(|row| row.into_record(account)).collect()
    }

    async fn forget_messages(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        self.forget(FORGET, before, limit).await
    }

    async fn forget_waiting_statuses(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.forget(FORGET_WAITING, before, limit).await
    }
}

impl Sqlite {
    async fn forget(
        &self,
        delete: &'static str,
        before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            let delete = query(delete).bind(before.as_millis()).bind(limit.max(0));
            let deleted = delete.execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok(deleted)
        })
        .await
    }
}

/// The rows of a batch as `json_each` takes them.
fn json(rows: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|_| StoreError::Query(Cause::unreadable("a batch")))
}
