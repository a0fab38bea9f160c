//! API tokens in PostgreSQL.

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::{Postgres, Writing};
use crate::model::{AccountId, NewApiToken, Timestamp};
use crate::store::text::storable;
use crate::store::{ApiTokens, StoreError, sql};

#[async_trait]
impl ApiTokens for Postgres {
    async fn rotate_token(
        &self,
        account: &AccountId,
        token: &NewApiToken,
        keep_old_until: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            if super::accounts::lock(&mut tx, account).await?.is_none() {
                return Ok(false);
            }
            insert(&mut tx, account, token).await?;
            let kept = match keep_old_until {
                Some(end) => end_newest_other(&mut tx, account, token, end).await?,
                None => None,
            };
            let new = &token.digest.as_bytes()[..];
            let delete = query(sql::DELETE_OTHER_TOKENS)
                .bind(account.as_str())
                .bind(new)
                .bind(kept.as_deref().unwrap_or(new));
            delete.execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn revoke_tokens(&self, account: &AccountId, now: Timestamp) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            // A rotation that is under way must not bring a token in behind the deletion.
            super::accounts::lock(&mut tx, account).await?;
            let delete = query_scalar(sql::DELETE_TOKENS).bind(account.as_str());
            let ends: Vec<Option<i64>> = delete.fetch_all(&mut *tx).await?;
            tx.commit().await?;
            let live = |end: &&Option<i64>| end.is_none_or(|end| end > now.as_millis());
            Ok(ends.iter().filter(live).count() as u64)
        })
        .await
    }
}

pub(super) async fn insert(
    tx: &mut Writing,
    account: &AccountId,
    token: &NewApiToken,
) -> Result<(), StoreError> {
    storable("the end of an API token", &token.last_four)?;
    let insert = query(sql::INSERT_TOKEN)
        .bind(&token.digest.as_bytes()[..])
        .bind(account.as_str())
        .bind(&token.last_four)
        .bind(token.created_at.as_millis());
    if insert.execute(&mut **tx).await?.rows_affected() == 0 {
        return Err(StoreError::Taken("API token"));
    }
    Ok(())
}

/// Gives the newest live token beside the new one its end, and answers its digest.
async fn end_newest_other(
    tx: &mut Writing,
    account: &AccountId,
    new: &NewApiToken,
    end: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let newest = query_scalar(sql::NEWEST_OTHER_TOKEN)
        .bind(account.as_str())
        .bind(&new.digest.as_bytes()[..])
        .bind(new.created_at.as_millis());
    let newest: Option<Vec<u8>> = newest.fetch_optional(&mut **tx).await?;
    if let Some(digest) = &newest {
        query(sql::END_TOKEN).bind(digest).bind(end.as_millis()).execute(&mut **tx).await?;
    }
    Ok(newest)
}
