//! Flows in PostgreSQL.

use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};

use super::{Postgres, Writing};
use crate::model::{AccountId, FlowRecord, FlowSnapshot, GraphId, Timestamp};
use crate::store::rows::FlowRow;
use crate::store::text::{folded, storable_flow};
use crate::store::{Flows, StoreError, sql};

/// `strpos` and not `LIKE`: to it, `%` and `_` are letters like any other.
const SEARCH: &str = sql::select_flows!("(strpos(f.folded_name, $3) > 0 OR f.status = $4)");

#[async_trait]
impl Flows for Postgres {
    async fn save_flows(
        &self,
        account: &AccountId,
        flows: &[FlowSnapshot],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        flows.iter().try_for_each(storable_flow)?;
        self.within(async {
            let mut tx = self.write().await?;
            if super::accounts::lock(&mut tx, account).await?.is_none() {
                return Err(StoreError::NoAccount);
            }
            for flow in flows {
                save(&mut tx, account, flow, now).await?;
            }
            tx.commit().await
        })
        .await
    }

    async fn has_flow(&self, account: &AccountId, flow: &GraphId) -> Result<bool, StoreError> {
        let found = query_scalar(sql::HAS_FLOW).bind(account.as_str()).bind(flow.as_str());
        let found = async { Ok(found.fetch_one(&self.pool).await?) };
        let found: i64 = self.within(found).await?;
        Ok(found > 0)
    }

    async fn search_flows(
        &self,
        account: &AccountId,
        query: Option<&str>,
        limit: i64,
    ) -> Result<Vec<FlowRecord>, StoreError> {
        // PostgreSQL takes U+0000 for an error, even in a question.
        if query.is_some_and(|text| text.contains('\0')) {
            return Ok(Vec::new());
        }
        let (account_id, limit) = (account.as_str(), limit.max(0));
        let rows = match query {
            None => query_as(sql::ALL_FLOWS).bind(account_id).bind(limit),
            Some(text) => query_as(SEARCH)
                .bind(account_id)
                .bind(limit)
                .bind(folded(text))
                .bind(text.to_uppercase()),
        };
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
        let rows: Vec<FlowRow> = self.within(rows).await?;
        rows.into_iter().map(|row| row.into_record(account)).collect()
    }
}

async fn save(
    tx: &mut Writing,
    account: &AccountId,
    flow: &FlowSnapshot,
    now: Timestamp,
) -> Result<(), StoreError> {
    let save = query(sql::SAVE_FLOW)
        .bind(account.as_str())
        .bind(flow.id.as_str())
        .bind(&flow.name)
        .bind(folded(&flow.name))
        .bind(&flow.status)
        .bind(&flow.validation)
        .bind(now.as_millis());
    save.execute(&mut **tx).await?;
    Ok(())
}
