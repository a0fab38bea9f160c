//! Claiming a key in PostgreSQL, against other nodes.

use sqlx::{query, query_as, query_scalar};

use super::server_time;
use crate::model::MessageId;
use crate::store::postgres::Postgres;
use crate::store::rows::messages::{MessageRow, NewMessage};
use crate::store::rows::sends::{SendRow, Standing, told_later};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, SET_UNKNOWN};
use crate::store::sql::sends::HAS_ACCOUNT;
use crate::store::{Claimed, SendClaim, StoreError};

/// How often a key may change hands between two looks at it.
const LOOKS: usize = 5;

/// One statement, and so one commit: the key and the record of its message.
const CLAIM: &str = concat!(
    "WITH won AS (
         INSERT INTO sends
             (account_id, key, fingerprint, message_id, state, lease_until, created_at)
         SELECT id, $2, $3, $4, 1, ",
    server_time!(),
    " + $5, $6
         FROM accounts WHERE id = $1
         ON CONFLICT (account_id, key) DO NOTHING
         RETURNING account_id, message_id, created_at)
     INSERT INTO messages
         (account_id, id, phone_number_id, recipient, kind, reference, form, created_at)
     SELECT account_id, message_id, $7, $8, $9, $10, $11, created_at FROM won"
);

const HOLDER: &str = concat!(
    "SELECT s.fingerprint, s.message_id, s.state, s.lease_until <= ",
    server_time!(),
    " AS lapsed, s.reply_status, s.reply_body, a.data_key
     FROM sends s JOIN accounts a ON a.id = s.account_id
     WHERE s.account_id = $1 AND s.key = $2"
);

const EXPIRE_ONE: &str = "
    UPDATE sends SET state = 3, ended_at = $4
    WHERE account_id = $1 AND key = $2 AND message_id = $3 AND state = 1";

impl Postgres {
    pub(super) async fn claim(&self, claim: &SendClaim) -> Result<Claimed, StoreError> {
        for _ in 0..LOOKS {
            if self.insert(claim).await? {
                return Ok(Claimed::Won);
            }
            if let Some(held) = self.held(claim).await? {
                return Ok(held);
            }
            // Released between the two statements; unless there never was such an account.
            let accounts = query_scalar(HAS_ACCOUNT).bind(claim.message.account.as_str());
            let accounts: i64 = accounts.fetch_one(&self.pool).await?;
            if accounts == 0 {
                return Err(StoreError::NoAccount);
            }
        }
        // It is in other hands all the time: as good as in progress.
        Ok(Claimed::InProgress)
    }

    /// `None` if nobody holds the key.
    pub(super) async fn held(&self, claim: &SendClaim) -> Result<Option<Claimed>, StoreError> {
        let SendClaim { key, message, .. } = claim;
        let account = message.account.as_str();
        for _ in 0..LOOKS {
            let holder = query_as(HOLDER).bind(account).bind(key);
            let holder: Option<SendRow> = holder.fetch_optional(&self.pool).await?;
            let Some(holder) = holder else { return Ok(None) };
            let (id, reply) = match holder.standing(claim, &self.keyring)? {
                Standing::Settled(claimed) => return Ok(Some(claimed)),
                Standing::Lapsed(id) => {
                    // Whoever ended it in this moment, the next look shows how.
                    self.expire(claim, &id).await?;
                    continue;
                }
                Standing::Unknown(id, reply) => (id, reply),
            };
            let record = query_as(MESSAGE_BY_ID_OR_WAMID).bind(account).bind(id.as_str());
            let record: Option<MessageRow> = record.fetch_optional(&self.pool).await?;
            let record = record.map(|row| row.into_record(&message.account)).transpose()?;
            return Ok(Some(told_later(id, reply, record)));
        }
        Ok(Some(Claimed::InProgress))
    }

    /// `false` if the key is held, or the account is not there.
    async fn insert(&self, claim: &SendClaim) -> Result<bool, StoreError> {
        let lease = i64::try_from(claim.lease.as_millis()).unwrap_or(i64::from(i32::MAX));
        let row = NewMessage::of(&claim.message);
        let insert = query(CLAIM)
            .bind(row.account_id)
            .bind(&claim.key)
            .bind(&claim.fingerprint[..])
            .bind(&row.id)
            .bind(lease)
            .bind(row.created_at)
            .bind(row.phone_number_id)
            .bind(&row.recipient)
            .bind(&row.kind)
            .bind(&row.reference)
            .bind(&row.form);
        Ok(insert.execute(&self.pool).await?.rows_affected() > 0)
    }

    async fn expire(&self, claim: &SendClaim, id: &MessageId) -> Result<(), StoreError> {
        let SendClaim { key, message, .. } = claim;
        let account = message.account.as_str();
        let mut tx = self.write().await?;
        let expire = query(EXPIRE_ONE).bind(account).bind(key).bind(id.as_str());
        let expire = expire.bind(message.created_at.as_millis()).execute(&mut *tx).await?;
        if expire.rows_affected() > 0 {
            query(SET_UNKNOWN).bind(account).bind(id.as_str()).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}
