//! Sends that must happen once, in SQLite.

use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};

use super::{Sqlite, Writing, forget, messages};
use crate::clock::Clock;
use crate::model::{AccountId, MessageId, SendResult, Timestamp};
use crate::store::rows::messages::{MessageRow, NewMessage, outcome_code};
use crate::store::rows::sends::{SendRow, Standing, sealed_reply, told_later};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, SET_RESULT, SET_UNKNOWN};
use crate::store::sql::sends::{DOUBT_SEND, FINISH_SEND, HOLDS_SEND, RELEASE_SEND};
use crate::store::statuses::Recorded;
use crate::store::text::{kept, kept_key, storable};
use crate::store::{Claimed, SendClaim, SendEnd, Sends, StoreError, StoredReply};

const CLAIM: &str = "
    INSERT INTO sends (account_id, key, fingerprint, message_id, state, lease_until, created_at)
    SELECT id, $2, $3, $4, 1, $5, $6 FROM accounts WHERE id = $1
    ON CONFLICT (account_id, key) DO NOTHING";

const RECORD: &str = "
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, form, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

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
    async fn claim_send(&self, claim: &SendClaim) -> Result<Claimed, StoreError> {
        storable("the idempotency key", &claim.key)?;
        self.within(async {
            let mut tx = self.write().await?;
            let claimed = self.claim(&mut tx, claim).await?;
            tx.commit().await?;
            Ok(claimed)
        })
        .await
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
            let data_key = super::accounts::data_key(&mut tx, account).await?;
            let Some(data_key) = data_key else { return Ok(false) };

            let reply =
                |reply: &StoredReply| sealed_reply(reply, account, &data_key, &self.keyring);
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
    async fn claim(&self, tx: &mut Writing, claim: &SendClaim) -> Result<Claimed, StoreError> {
        let clock = machine_time();
        if insert(tx, claim, clock).await? {
            return Ok(Claimed::Won);
        }
        self.held(tx, claim, clock).await?.ok_or(StoreError::NoAccount)
    }

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
        // Without our id in it, a status waits under the wamid until somebody knows whose it is.
        let Some(wamid) = &wamid else { return Ok(()) };
        let recorded = Recorded::of(account, message, Some(wamid));
        messages::settle(tx, &[recorded], &self.keyring).await
    }
}

/// Writes the send and its message; `false` if the key is held.
async fn insert(tx: &mut Writing, claim: &SendClaim, clock: i64) -> Result<bool, StoreError> {
    let lease = i64::try_from(claim.lease.as_millis()).unwrap_or(i64::MAX);
    let row = NewMessage::of(&claim.message);
    let send = query(CLAIM)
        .bind(row.account_id)
        .bind(&claim.key)
        .bind(&claim.fingerprint[..])
        .bind(&row.id)
        .bind(clock.saturating_add(lease))
        .bind(row.created_at);
    if send.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let record = query(RECORD)
        .bind(row.account_id)
        .bind(&row.id)
        .bind(row.phone_number_id)
        .bind(&row.recipient)
        .bind(&row.kind)
        .bind(&row.reference)
        .bind(&row.form)
        .bind(row.created_at);
    record.execute(&mut **tx).await?;
    Ok(true)
}

/// Leases are between this process and its successor on the same machine.
fn machine_time() -> i64 {
    Clock::system().now().as_millis()
}
