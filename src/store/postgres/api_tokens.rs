//! API tokens in PostgreSQL.

use async_trait::async_trait;
use sqlx::{query, query_as};

use super::audit::append;
use super::{Postgres, Writing};
use crate::model::{AccountId, Actor, NewApiToken, Timestamp};
use crate::store::audit::deeds;
use crate::store::rows::{TokenRow, live};
use crate::store::text::storable;
use crate::store::{ApiTokens, StoreError, sql};

#[async_trait]
impl ApiTokens for Postgres {
    async fn rotate_token(
        &self,
        account: &AccountId,
        token: &NewApiToken,
        keep_old_until: Option<Timestamp>,
        by: &Actor,
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
            let delete = query_as(sql::DELETE_OTHER_TOKENS)
                .bind(account.as_str())
                .bind(new)
                .bind(kept.as_ref().map_or(new, TokenRow::digest));
            let stopped: Vec<TokenRow> = delete.fetch_all(&mut *tx).await?;
            let now = token.created_at;
            let kept = kept.map(TokenRow::into_token);
            let deed = deeds::token_rotated(token, kept.as_ref(), &live(stopped, now));
            append(&mut tx, by, now, Some(account), &[deed]).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn revoke_tokens(
        &self,
        account: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            // A rotation that is under way must not bring a token in behind the deletion.
            super::accounts::lock(&mut tx, account).await?;
            let delete = query_as(sql::DELETE_TOKENS).bind(account.as_str());
            let stopped = live(delete.fetch_all(&mut *tx).await?, now);
            let deed = deeds::tokens_revoked(&stopped);
            append(&mut tx, by, now, Some(account), deed.as_slice()).await?;
            tx.commit().await?;
            Ok(stopped.len() as u64)
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

/// Gives the newest live token beside the new one its end, and answers it.
async fn end_newest_other(
    tx: &mut Writing,
    account: &AccountId,
    new: &NewApiToken,
    end: Timestamp,
) -> Result<Option<TokenRow>, StoreError> {
    let newest = query_as(sql::NEWEST_OTHER_TOKEN)
        .bind(account.as_str())
        .bind(&new.digest.as_bytes()[..])
        .bind(new.created_at.as_millis());
    let newest: Option<TokenRow> = newest.fetch_optional(&mut **tx).await?;
    let Some(newest) = newest else { return Ok(None) };
    let set = query(sql::END_TOKEN).bind(newest.digest()).bind(end.as_millis());
    set.execute(&mut **tx).await?;
    Ok(Some(newest.ending(end)))
}
