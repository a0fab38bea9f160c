//! Sends that must happen once, in PostgreSQL.

mod claim;

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::{Postgres, Writing, forget, messages};
use crate::model::{AccountId, MessageId, SendResult, Timestamp};
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::sealed_reply;
use crate::store::sql::messages::SET_RESULT;
use crate::store::sql::sends::{DOUBT_SEND, FINISH_SEND, HOLDS_SEND, RELEASE_SEND};
use crate::store::statuses::Recorded;
use crate::store::text::{kept, kept_key, storable};
use crate::store::{Claimed, SendClaim, SendEnd, Sends, StoreError, StoredReply};

const DATA_KEY: &str = "SELECT data_key FROM accounts WHERE id = $1";

/// Asked for in a query of its own, the time can be looked up in an index.
macro_rules! server_time {
    () => {
        "(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    };
}
use server_time;

/// What another node is at is left to it.
const EXPIRE: &str = concat!(
    "WITH expired AS (
         UPDATE sends SET state = 3, ended_at = $1
         WHERE (account_id, key) IN (
             SELECT account_id, key FROM sends
             WHERE state = 1 AND lease_until <= ",
    server_time!(),
    "        ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING account_id, message_id),
     doubted AS (
         UPDATE messages m SET outcome = 4 FROM expired e
         WHERE m.account_id = e.account_id AND m.id = e.message_id AND m.outcome = 0)
     SELECT count(*) FROM expired"
);

#[async_trait]
impl Sends for Postgres {
    async fn claim_send(&self, claim: &SendClaim) -> Result<Claimed, StoreError> {
        storable("the idempotency key", &claim.key)?;
        self.within(self.claim(claim)).await
    }

    async fn held_send(&self, claim: &SendClaim) -> Result<Option<Claimed>, StoreError> {
        storable("the idempotency key", &claim.key)?;
        self.within(self.held(claim)).await
    }

    async fn holds_send(&self, account: &AccountId, key: &str) -> Result<bool, StoreError> {
        storable("the idempotency key", key)?;
        let held = query_scalar(HOLDS_SEND).bind(account.as_str()).bind(key);
        let held = async { Ok(held.fetch_one(&self.pool).await?) };
        let held: i64 = self.within(held).await?;
        Ok(held > 0)
    }

    async fn end_send(
        &self,
        account: &AccountId,
        key: &str,
        message: &MessageId,
        end: &SendEnd,
        result: &SendResult,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        storable("the idempotency key", key)?;
        self.within(async {
            let mut tx = self.write().await?;
            // A status without our id in it may be about to wait for the wamid.
            messages::hold_back_statuses(&mut tx, BTreeSet::from([account.as_str()])).await?;
            let data_key = query_scalar(DATA_KEY).bind(account.as_str());
            let data_key: Option<Vec<u8>> = data_key.fetch_optional(&mut *tx).await?;
            let Some(data_key) = data_key else { return Ok(false) };

            let data_key = self.keyring.data_key(account, &data_key)?;
            let reply = |reply: &StoredReply| sealed_reply(reply, &data_key);
            let (end, reply) = match end {
                SendEnd::Final(kept) => (FINISH_SEND, Some(reply(kept)?)),
                SendEnd::Unknown(kept) => (DOUBT_SEND, Some(reply(kept)?)),
                SendEnd::Released => (RELEASE_SEND, None),
            };
            let mut end = query(end).bind(account.as_str()).bind(key).bind(message.as_str());
            if let Some((status, body)) = reply {
                end = end.bind(status).bind(body).bind(now.as_millis());
            }
            let held = end.execute(&mut *tx).await?.rows_affected() > 0;
            self.set_result(&mut tx, account, message, result, error).await?;
            tx.commit().await?;
            Ok(held)
        })
        .await
    }

    async fn expire_sends(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let expire = query_scalar(EXPIRE).bind(now.as_millis()).bind(limit.max(0));
        let expire = async { Ok(expire.fetch_one(&self.pool).await?) };
        let expired: i64 = self.within(expire).await?;
        Ok(expired.unsigned_abs())
    }

    async fn forget_sends(
        &self,
        ended_before: Timestamp,
        unknown_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let old = [(forget::ENDED_SENDS, ended_before), (forget::UNKNOWN_SENDS, unknown_before)];
        self.forget(&old, limit).await
    }
}

impl Postgres {
    async fn set_result(
        &self,
        tx: &mut Writing,
        account: &AccountId,
        message: &MessageId,
        result: &SendResult,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let wamid = result.wamid.as_deref().map(kept_key);
        let set = query(SET_RESULT)
            .bind(account.as_str())
            .bind(message.as_str())
            .bind(outcome_code(result.outcome))
            .bind(&wamid)
            .bind(result.wa_id.as_deref().map(kept))
            .bind(error.map(kept));
        set.execute(&mut **tx).await?;
        let Some(wamid) = &wamid else { return Ok(()) };
        let recorded = Recorded::of(account, message, Some(wamid));
        messages::settle(tx, &[recorded], &self.keyring).await
    }
}
