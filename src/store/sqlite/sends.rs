//! Sends that must happen once, in SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};

use super::{Sqlite, Writing, forget};
use crate::clock::Clock;
use crate::model::{AccountId, Timestamp};
use crate::store::rows::messages::MessageRow;
use crate::store::rows::sends::{SendRow, Standing, told_later};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, SET_UNKNOWN};
use crate::store::sql::sends::HOLDS_SEND;
use crate::store::text::storable;
use crate::store::{Claimed, Ending, SendClaim, Sends, StoreError};

mod claims;
mod ends;
mod writes;

use self::writes::mixed_up;
pub(super) use writes::{SendWrite, Written};

const HOLDER: &str = "
    SELECT s.fingerprint, s.message_id, s.state, s.lease_until <= $3 AS lapsed, s.reply_status,
           s.reply_body, a.data_key
    FROM sends s JOIN accounts a ON a.id = s.account_id
    WHERE s.account_id = $1 AND s.key = $2";

const EXPIRE_ONE: &str = "
    UPDATE sends SET state = 3, ended_at = $3
    WHERE account_id = $1 AND key = $2 AND state = 1";

/// Before the sends themselves, while it still shows which ones they are.
const EXPIRE_MESSAGES: &str = "
    UPDATE messages SET outcome = 4
    WHERE outcome = 0 AND (account_id, id) IN (
        SELECT account_id, message_id FROM sends
        WHERE state = 1 AND lease_until <= $1 ORDER BY lease_until, rowid LIMIT $2)";

const EXPIRE: &str = "
    UPDATE sends SET state = 3, ended_at = $3
    WHERE rowid IN (
        SELECT rowid FROM sends
        WHERE state = 1 AND lease_until <= $1 ORDER BY lease_until, rowid LIMIT $2)";

#[async_trait]
impl Sends for Sqlite {
    async fn claim_send(&self, claim: &Arc<SendClaim>) -> Result<Claimed, StoreError> {
        storable("the idempotency key", &claim.key)?;
        match self.write_send(SendWrite::Claim(Arc::clone(claim))).await? {
            Written::Claimed(claimed) => Ok(claimed),
            Written::Ended(_) => Err(mixed_up()),
        }
    }

    async fn held_send(&self, claim: &SendClaim) -> Result<Option<Claimed>, StoreError> {
        storable("the idempotency key", &claim.key)?;
        self.within(async {
            let mut tx = self.write().await?;
            let held = self.held(&mut tx, claim, machine_time()).await?;
            tx.commit().await?;
            Ok(held)
        })
        .await
    }

    async fn holds_send(&self, account: &AccountId, key: &str) -> Result<bool, StoreError> {
        storable("the idempotency key", key)?;
        let held = query_scalar(HOLDS_SEND).bind(account.as_str()).bind(key);
        let held = async { Ok(held.fetch_one(&self.readers).await?) };
        let held: i64 = self.within(held).await?;
        Ok(held > 0)
    }

    async fn end_send(&self, ending: &Arc<Ending>) -> Result<bool, StoreError> {
        storable("the idempotency key", &ending.claim.key)?;
        match self.write_send(SendWrite::End(Arc::clone(ending))).await? {
            Written::Ended(held) => Ok(held),
            Written::Claimed(_) => Err(mixed_up()),
        }
    }

    async fn expire_sends(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let clock = machine_time();
        self.within(async {
            let mut tx = self.write().await?;
            query(EXPIRE_MESSAGES).bind(clock).bind(limit.max(0)).execute(&mut *tx).await?;
            let expire = query(EXPIRE).bind(clock).bind(limit.max(0)).bind(now.as_millis());
            let expired = expire.execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok(expired)
        })
        .await
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

impl Sqlite {
    async fn held(
        &self,
        tx: &mut Writing,
        claim: &SendClaim,
        clock: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        let SendClaim { key, message, .. } = claim;
        let account = message.account.as_str();
        let holder = query_as(HOLDER).bind(account).bind(key).bind(clock);
        let holder: Option<SendRow> = holder.fetch_optional(&mut **tx).await?;
        let Some(holder) = holder else { return Ok(None) };

        let (id, reply) = match holder.standing(claim, &self.keyring)? {
            Standing::Settled(claimed) => return Ok(Some(claimed)),
            Standing::Unknown(id, reply) => (id, reply),
            Standing::Lapsed(id) => {
                let expire = query(EXPIRE_ONE).bind(account).bind(key);
                expire.bind(message.created_at.as_millis()).execute(&mut **tx).await?;
                query(SET_UNKNOWN).bind(account).bind(id.as_str()).execute(&mut **tx).await?;
                (id, None)
            }
        };
        let record = query_as(MESSAGE_BY_ID_OR_WAMID).bind(account).bind(id.as_str());
        let record: Option<MessageRow> = record.fetch_optional(&mut **tx).await?;
        let record = record.map(|row| row.into_record(&message.account)).transpose()?;
        Ok(Some(told_later(id, reply, record)))
    }
}

/// Leases are between this process and its successor on the same machine.
fn machine_time() -> i64 {
    Clock::system().now().as_millis()
}
