//! Audit entries in PostgreSQL.

use async_trait::async_trait;
use sqlx::{query, query_as};

use super::{Postgres, Writing};
use crate::model::{AccountId, Actor, AuditEntry, Deed, Timestamp};
use crate::store::rows::{AuditRow, HeadRow};
use crate::store::sql::audit as sql;
use crate::store::{Audit, AuditHead, StoreError};

/// Whoever adds to the chain holds its end until the commit. Nothing else is locked after it, so
/// that nobody who holds it waits for anybody.
const LOCKED_HEAD: &str = "SELECT id, hash FROM audit_head FOR UPDATE";

#[async_trait]
impl Audit for Postgres {
    async fn audit_entries(
        &self,
        account: Option<&AccountId>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        if account.is_some_and(|account| account.as_str().contains('\0')) {
            return Ok(Vec::new());
        }
        let statement = account.map_or(sql::NEWEST, |_| sql::NEWEST_OF_ACCOUNT);
        let rows = query_as(statement).bind(after.unwrap_or(i64::MAX)).bind(limit.max(0));
        let rows = match account {
            Some(account) => rows.bind(account.as_str().to_owned()),
            None => rows,
        };
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
        let rows: Vec<AuditRow> = self.within(rows).await?;
        Ok(rows.into_iter().map(AuditRow::into_entry).collect())
    }

    async fn audit_entries_since(
        &self,
        id: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = query_as(sql::SINCE).bind(id).bind(limit.max(0));
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
        let rows: Vec<AuditRow> = self.within(rows).await?;
        Ok(rows.into_iter().map(AuditRow::into_entry).collect())
    }

    async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let head = async { Ok(query_as(sql::HEAD).fetch_one(&self.pool).await?) };
        self.within(head).await.map(HeadRow::into_head)
    }
}

/// Adds what was done to the chain: the last thing of a transaction before its commit.
pub(super) async fn append(
    tx: &mut Writing,
    by: &Actor,
    at: Timestamp,
    account: Option<&AccountId>,
    deeds: &[Deed],
) -> Result<(), StoreError> {
    if deeds.is_empty() {
        return Ok(());
    }
    let head: HeadRow = query_as(LOCKED_HEAD).fetch_one(&mut **tx).await?;
    let AuditHead { mut id, mut hash } = head.into_head();
    for deed in deeds {
        let entry = AuditEntry::following((id, hash), by, at, account, deed);
        let insert = query(sql::INSERT)
            .bind(entry.id)
            .bind(entry.at.as_millis())
            .bind(&entry.actor)
            .bind(&entry.actor_name)
            .bind(&entry.address)
            .bind(&entry.request_id)
            .bind(entry.account.as_ref().map(AccountId::as_str))
            .bind(&entry.action)
            .bind(&entry.details)
            .bind(&entry.previous_hash)
            .bind(&entry.hash);
        insert.execute(&mut **tx).await?;
        (id, hash) = (entry.id, entry.hash);
    }
    Ok(())
}
