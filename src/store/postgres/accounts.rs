//! Accounts in PostgreSQL.

mod parts;

use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};

use parts::{insert_account, insert_plan, replace_primary_plan, save_number};

use super::audit::append;
use super::{Postgres, Writing};
use crate::model::{Account, AccountId, Actor, NewAccount, Timestamp, TokenDigest};
use crate::store::audit::deeds::{self, Standing};
use crate::store::intake::DataKeys;
use crate::store::rows::{
    AccountRow, NewSecrets, TokenHolderRow, is_meta_token, limits_set, sealed_meta_token,
};
use crate::store::text::{storable_account, storable_number, storable_plan};
use crate::store::{AccountChange, Accounts, Audit as _, Keyring, StoreError, TokenHolder, sql};

/// An [`AccountRow`] per account, and which ones.
macro_rules! select_accounts {
    ($which:literal) => {
        select_accounts!("", $which)
    };
    ($more:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $more,
            "a.id, a.name, a.email, a.suspended, a.created_at, a.data_key,
                    a.rate_limit, a.number_rate_limit,
                    w.id AS whatsapp_id, w.waba_id, w.display_name, w.meta_token,
                    COALESCE((SELECT json_agg(json_build_array(p.name, p.add_on, p.ends_at)
                                      ORDER BY p.position)
                     FROM plans p WHERE p.account_id = a.id)::text, '[]') AS plans,
                    COALESCE((SELECT json_agg(json_build_array(n.id, n.number, n.name)
                                      ORDER BY n.id)
                     FROM phone_numbers n WHERE n.account_id = a.id)::text, '[]')
                        AS phone_numbers
             FROM accounts a LEFT JOIN whatsapp_accounts w ON w.account_id = a.id ",
            $which
        )
    };
}

const ACCOUNT: &str = select_accounts!("WHERE a.id = $1 OR a.email = $2");

const ACCOUNTS: &str = select_accounts!("WHERE a.id > $1 ORDER BY a.id LIMIT $2");

/// A [`TokenHolderRow`].
const ACCOUNT_BY_TOKEN: &str = select_accounts!(
    "t.expires_at, ",
    "JOIN api_tokens t ON t.account_id = a.id
     WHERE t.digest = $1 AND (t.expires_at IS NULL OR t.expires_at > $2)"
);

/// Locks the account: of two changes at once, the second waits. Not `FOR UPDATE`, which would
/// also stop others from writing rows that point to the account.
const LOCKED_DATA_KEY: &str = "SELECT data_key FROM accounts WHERE id = $1 FOR NO KEY UPDATE";

/// Nobody deletes the accounts until the commit. It is the lock that a row which points to an
/// account takes by itself.
const DATA_KEYS: &str =
    "SELECT id, data_key FROM accounts WHERE id = ANY($1) ORDER BY id FOR KEY SHARE";

#[async_trait]
impl Accounts for Postgres {
    async fn create_account(&self, new: &NewAccount, by: &Actor) -> Result<(), StoreError> {
        let NewAccount { account, token } = new;
        storable_account(account)?;
        let secrets = NewSecrets::of(account, &self.keyring)?;
        self.within(async {
            let mut tx = self.write().await?;
            insert_account(&mut tx, account, &secrets).await?;
            for (position, plan) in (0..).zip(&account.plans) {
                insert_plan(&mut tx, &account.id, position, plan).await?;
            }
            for number in &account.phone_numbers {
                save_number(&mut tx, &account.id, number).await?;
            }
            super::api_tokens::insert(&mut tx, &account.id, token).await?;
            let (id, deeds) = (Some(&account.id), deeds::account_created(new));
            append(&mut tx, by, account.created_at, id, &deeds).await?;
            tx.commit().await
        })
        .await
    }

    async fn account(&self, id_or_email: &str) -> Result<Option<Account>, StoreError> {
        // PostgreSQL takes U+0000 for an error, even in a question.
        if id_or_email.contains('\0') {
            return Ok(None);
        }
        let row = query_as(ACCOUNT).bind(id_or_email).bind(id_or_email.to_lowercase());
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
        let row: Option<AccountRow> = self.within(row).await?;
        row.map(|row| row.into_account(&self.keyring)).transpose()
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or("", AccountId::as_str);
        let rows = query_as(ACCOUNTS).bind(after).bind(limit.max(0));
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
        let rows: Vec<AccountRow> = self.within(rows).await?;
        rows.into_iter().map(|row| row.into_account(&self.keyring)).collect()
    }

    async fn account_by_token(
        &self,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<Option<TokenHolder>, StoreError> {
        let row = query_as(ACCOUNT_BY_TOKEN).bind(&digest.as_bytes()[..]).bind(now.as_millis());
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
        let row: Option<TokenHolderRow> = self.within(row).await?;
        row.map(|row| row.into_holder(&self.keyring)).transpose()
    }

    async fn account_changes(&self) -> Result<i64, StoreError> {
        Ok(self.audit_head().await?.id)
    }

    async fn change_account(
        &self,
        id: &AccountId,
        change: &AccountChange,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        change.primary_plan.iter().flatten().try_for_each(storable_plan)?;
        change.add_numbers.iter().try_for_each(storable_number)?;
        self.within(async {
            let mut tx = self.write().await?;
            let Some(data_key) = lock(&mut tx, id).await? else { return Ok(false) };
            let before = standing(&mut tx, id).await?;
            let mut new_meta_token = false;
            if let Some(token) = &change.meta_token {
                let sealed = sealed_meta_token(token, id, &data_key, &self.keyring)?;
                let set = query(sql::SET_META_TOKEN).bind(id.as_str()).bind(sealed);
                if set.execute(&mut *tx).await?.rows_affected() == 0 {
                    return Ok(false);
                }
                let (keyring, known) = (&self.keyring, before.sealed_meta_token.as_deref());
                new_meta_token = !is_meta_token(known, token, id, &data_key, keyring)?;
            }
            if let Some(plan) = &change.primary_plan {
                replace_primary_plan(&mut tx, id, plan.as_ref()).await?;
            }
            for number in &change.remove_numbers {
                let remove = query(sql::REMOVE_NUMBER).bind(id.as_str()).bind(number.as_str());
                remove.execute(&mut *tx).await?;
            }
            for number in &change.add_numbers {
                save_number(&mut tx, id, number).await?;
            }
            if let Some(suspended) = change.suspended {
                let set = query(sql::SET_SUSPENDED).bind(id.as_str()).bind(suspended);
                set.execute(&mut *tx).await?;
            }
            for (set, limit) in limits_set(change) {
                query(set).bind(id.as_str()).bind(limit).execute(&mut *tx).await?;
            }
            let deeds = deeds::account_changed(&before, change, new_meta_token);
            append(&mut tx, by, now, Some(id), &deeds).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn delete_account(
        &self,
        id: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            let delete = query(sql::DELETE_ACCOUNT).bind(id.as_str());
            if delete.execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(false);
            }
            append(&mut tx, by, now, Some(id), &[deeds::account_deleted()]).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }
}

/// Locks the account and answers its wrapped data key; `None` if there is no such account.
pub(super) async fn lock(tx: &mut Writing, id: &AccountId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(query_scalar(LOCKED_DATA_KEY).bind(id.as_str()).fetch_optional(&mut **tx).await?)
}

/// The data keys of those accounts that are there, and stay there until the commit.
pub(super) async fn data_keys(
    tx: &mut Writing,
    ids: &[&str],
    keyring: &Keyring,
) -> Result<DataKeys, StoreError> {
    DataKeys::open(query_as(DATA_KEYS).bind(ids).fetch_all(&mut **tx).await?, keyring)
}

/// The account as it is before a change; its secrets stay closed.
async fn standing(tx: &mut Writing, id: &AccountId) -> Result<Standing, StoreError> {
    let row = query_as(ACCOUNT).bind(id.as_str()).bind(id.as_str());
    let row: AccountRow = row.fetch_one(&mut **tx).await?;
    row.into_standing()
}
