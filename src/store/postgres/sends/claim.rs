//! Claiming keys in PostgreSQL, against other nodes.

use std::sync::Arc;

use sqlx::{query, query_as, query_scalar};

use super::server_time;
use crate::model::MessageId;
use crate::store::commit_groups::{Done, each};
use crate::store::postgres::Postgres;
use crate::store::postgres::messages::{column, numbered};
use crate::store::rows::messages::{MessageRow, NewMessage};
use crate::store::rows::sends::{SendRow, Standing, told_later};
use crate::store::sql::messages::{MESSAGE_BY_ID_OR_WAMID, SET_UNKNOWN};
use crate::store::sql::sends::HAS_ACCOUNT;
use crate::store::{Claimed, SendClaim, StoreError};

/// How often a key may change hands between two looks at it.
const LOOKS: usize = 5;

/// One statement, and so one commit: the keys, and the records of their messages. In an order that
/// is the same on all nodes: two that claim the same keys wait for each other in one direction only.
/// Accounts that are there stay so until it is over.
const CLAIM: &str = concat!(
    "WITH told AS MATERIALIZED (
         SELECT * FROM unnest(
             $1::text[], $2::text[], $3::bytea[], $4::text[], $5::bigint[], $6::bigint[],
             $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) WITH ORDINALITY
         AS t (account_id, key, fingerprint, message_id, lease, created_at, phone_number_id,
               recipient, kind, reference, form, n)),
     there AS MATERIALIZED (
         SELECT id FROM accounts WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE),
     won AS (
         INSERT INTO sends
             (account_id, key, fingerprint, message_id, state, lease_until, created_at)
         SELECT t.account_id, t.key, t.fingerprint, t.message_id, 1, ",
    server_time!(),
    " + t.lease, t.created_at
         FROM told t JOIN there a ON a.id = t.account_id ORDER BY t.n
         ON CONFLICT (account_id, key) DO NOTHING
         RETURNING account_id, message_id),
     first AS MATERIALIZED (SELECT * FROM won JOIN told USING (account_id, message_id)),
     recorded AS (
         INSERT INTO messages
             (account_id, id, phone_number_id, recipient, kind, reference, form, created_at)
         SELECT account_id, message_id, phone_number_id, recipient, kind, reference, form,
                created_at
         FROM first)
     SELECT COALESCE(array_agg(n), '{}') FROM first"
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
    /// Most keys are free. Whatever else may have to be done is boxed, or each claim would be moved
    /// about with the room for it, which was 0.4 of the instructions of a send.
    pub(super) async fn claim(&self, claim: &Arc<SendClaim>) -> Result<Claimed, StoreError> {
        for _ in 0..LOOKS {
            let won = self.claims.join(Arc::clone(claim), async |claims| {
                let won = Box::pin(self.insert(&claims)).await;
                (claims, won)
            });
            if won.await? {
                return Ok(Claimed::Won);
            }
            if let Some(held) = Box::pin(self.held(claim)).await? {
                return Ok(held);
            }
            // Released between the two statements; unless there never was such an account.
            let accounts = query_scalar(HAS_ACCOUNT).bind(claim.message.account.as_str());
            let accounts: i64 = Box::pin(accounts.fetch_one(&self.pool)).await?;
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

    /// `false` for those whose key is held, or whose account is not there. Of two claims of one key
    /// the first wins.
    async fn insert(&self, claims: &[Arc<SendClaim>]) -> Done<bool> {
        let rows = claims.iter().enumerate();
        let rows = rows.map(|(place, claim)| (place, claim, NewMessage::of(&claim.message)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|(_, claim, message)| (message.account_id, claim.key.as_str()));
        let insert = query_scalar(CLAIM)
            .bind(column(&rows, |(.., message)| message.account_id))
            .bind(column(&rows, |(_, claim, _)| claim.key.as_str()))
            .bind(column(&rows, |(_, claim, _)| &claim.fingerprint[..]))
            .bind(column(&rows, |(.., message)| &*message.id))
            .bind(column(&rows, |(_, claim, _)| lease(claim)))
            .bind(column(&rows, |(.., message)| message.created_at))
            .bind(column(&rows, |(.., message)| message.phone_number_id))
            .bind(column(&rows, |(.., message)| &*message.recipient))
            .bind(column(&rows, |(.., message)| &*message.kind))
            .bind(column(&rows, |(.., message)| message.reference.as_deref()))
            .bind(column(&rows, |(.., message)| message.form.as_deref()));
        let mut lent = self.writers.lend().await?;
        let won: Vec<i64> = insert.fetch_one(&mut *lent).await?;
        self.writers.done(lent);
        let won = numbered(&rows, won).map(|(place, ..)| *place);
        Ok(each(claims.len(), won))
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
        tx.commit().await
    }
}

fn lease(claim: &SendClaim) -> i64 {
    i64::try_from(claim.lease.as_millis()).unwrap_or(i64::from(i32::MAX))
}
