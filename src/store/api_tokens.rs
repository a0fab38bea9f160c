//! The tokens that callers show.

use async_trait::async_trait;

use super::StoreError;
use crate::model::{AccountId, Actor, NewApiToken, Timestamp};

#[async_trait]
pub trait ApiTokens: Send + Sync {
    /// Gives the account a new token. The newest one that is live at `token.created_at` stays
    /// valid until `keep_old_until`, or until its own end if that is earlier; every other stops
    /// at once. With `None` they all stop at once. So at most two are ever live. `false` if
    /// there is no such account. [`StoreError::Taken`] with `"API token"` if the token is
    /// somebody's already, this account's included; then nothing changes.
    async fn rotate_token(
        &self,
        account: &AccountId,
        token: &NewApiToken,
        keep_old_until: Option<Timestamp>,
        by: &Actor,
    ) -> Result<bool, StoreError>;

    /// Stops every token of the account at once. Answers how many were live at `now`.
    async fn revoke_tokens(
        &self,
        account: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError>;
}
