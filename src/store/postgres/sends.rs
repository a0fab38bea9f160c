//! Sends that must happen once, in PostgreSQL.

mod claim;
mod ends;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_scalar;

use super::messages::hold_messages;
use super::{Postgres, forget};
use crate::model::{AccountId, Timestamp};
use crate::store::sql::sends::HOLDS_SEND;
use crate::store::text::storable;
use crate::store::{Claimed, Ending, SendClaim, Sends, StoreError};

/// Asked for in a query of its own, the time can be looked up in an index.
macro_rules! server_time {
    () => {
        "(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    };
}
use server_time;

/// What another node is at is left to it. What is changed is written as in [`ends`].
const EXPIRE: &str = concat!(
    "WITH expired AS (
         UPDATE sends SET state = 3, ended_at = $1
         WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM sends
             WHERE state = 1 AND lease_until <= ",
    server_time!(),
    "        ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED))
         RETURNING account_id, message_id),
     held AS MATERIALIZED (",
    hold_messages!("expired", "message_id", " AND m.outcome = 0"),
    "),
     doubted AS (
         INSERT INTO messages
             (account_id, id, phone_number_id, recipient, kind, created_at, outcome)
         SELECT account_id, message_id, '', '', '', 0, 4 FROM held
         ON CONFLICT (account_id, id) DO UPDATE SET outcome = excluded.outcome)
     SELECT count(*) FROM expired"
);

#[async_trait]
impl Sends for Postgres {
    async fn claim_send(&self, claim: &Arc<SendClaim>) -> Result<Claimed, StoreError> {
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

    async fn end_send(&self, ending: &Arc<Ending>) -> Result<bool, StoreError> {
        storable("the idempotency key", &ending.claim.key)?;
        let ended = self.ends.join(Arc::clone(ending), async |endings| {
            let ended = Box::pin(self.end_all(&endings)).await;
            (endings, ended)
        });
        self.within(ended).await
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
