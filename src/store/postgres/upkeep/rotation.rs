//! Sealing with the current key what an old one has sealed, in PostgreSQL.

use sqlx::{query, query_as, query_scalar};

use super::super::Postgres;
use super::super::audit::append;
use crate::model::{AccountId, Actor, Timestamp};
use crate::store::audit::deeds::key_rotated;
use crate::store::intake::PAYLOAD;
use crate::store::sql::keys::{POST, RESEAL_POST, REWRAP_ACCOUNT, old_accounts, old_posts};
use crate::store::upkeep::MOST_BYTES;
use crate::store::{SealedRows, StoreError};

/// What others hold is skipped, and not waited for: so nobody waits for somebody who waits for us.
/// Rows that point to an account can be written meanwhile.
const OLD_ACCOUNTS: [&str; 2] = old_accounts!("FOR NO KEY UPDATE SKIP LOCKED");

const OLD_POSTS: [&str; 2] = old_posts!("FOR NO KEY UPDATE SKIP LOCKED");

impl Postgres {
    pub(super) async fn rewrap_accounts(
        &self,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.write().await?;
        let mut wrapped = 0;
        for old in OLD_ACCOUNTS {
            let old = query_as(old).bind(self.keyring.current_id()).bind(limit - wrapped);
            let old: Vec<(String, Vec<u8>)> = old.fetch_all(&mut *tx).await?;
            for (id, data_key) in old {
                let fresh = self.keyring.rewrap(&AccountId::from_stored(id.clone()), &data_key)?;
                let rewrap = query(REWRAP_ACCOUNT).bind(id).bind(fresh.bytes).bind(fresh.key_id);
                rewrap.execute(&mut *tx).await?;
                wrapped += 1;
            }
        }
        let done = SealedRows { accounts: wrapped, posts: 0 };
        let deed = key_rotated(&self.keyring.current_id(), done);
        append(&mut tx, by, now, None, deed.as_slice()).await?;
        tx.commit().await?;
        Ok(wrapped)
    }

    /// One post in memory at a time.
    pub(super) async fn reseal_posts(
        &self,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.write().await?;
        let (mut sealed, mut bytes) = (0, 0);
        for old in OLD_POSTS {
            let old = query_scalar(old).bind(self.keyring.current_id()).bind(limit - sealed);
            let old: Vec<i64> = old.fetch_all(&mut *tx).await?;
            for id in old {
                if bytes >= MOST_BYTES {
                    break;
                }
                let payload: Vec<u8> = query_scalar(POST).bind(id).fetch_one(&mut *tx).await?;
                let fresh = self.keyring.reseal_shared(PAYLOAD, &payload)?;
                let reseal = query(RESEAL_POST).bind(id).bind(fresh.bytes).bind(fresh.key_id);
                reseal.execute(&mut *tx).await?;
                (sealed, bytes) = (sealed + 1, bytes + payload.len());
            }
        }
        let done = SealedRows { accounts: 0, posts: sealed };
        let deed = key_rotated(&self.keyring.current_id(), done);
        append(&mut tx, by, now, None, deed.as_slice()).await?;
        tx.commit().await?;
        Ok(sealed)
    }
}
