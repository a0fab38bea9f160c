//! Accounts, with what is written and read together with them: plans, WhatsApp account, numbers.

use async_trait::async_trait;
use secrecy::SecretString;

use super::StoreError;
use crate::model::{
    Account, AccountId, Actor, GraphId, NewAccount, PhoneNumber, Plan, RateLimit, Timestamp,
    TokenDigest,
};

/// A change to an account; what is `None` or empty stays as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Takes the place of the primary plan, and is no add-on itself; `Some(None)` takes the
    /// primary plan away. Add-ons stay.
    pub primary_plan: Option<Option<Plan>>,
    pub meta_token: Option<SecretString>,
    /// Numbers to add; one that is there already gets the new display number and name.
    pub add_numbers: Vec<PhoneNumber>,
    pub remove_numbers: Vec<GraphId>,
    pub suspended: Option<bool>,
    /// Its own limits; `Some(None)` goes back to what holds for all accounts.
    pub rate_limit: Option<Option<RateLimit>>,
    pub number_rate_limit: Option<Option<RateLimit>>,
}

/// What a live token opens.
#[derive(Clone, Debug)]
pub struct TokenHolder {
    pub account: Account,
    /// When the token stops by itself.
    pub token_ends_at: Option<Timestamp>,
}

#[async_trait]
pub trait Accounts: Send + Sync {
    /// Writes the account and its token in one step. [`StoreError::Taken`] with `"email"` or
    /// `"API token"` if another account has it; then nothing is written. A text with U+0000 in it
    /// is refused with [`StoreError::Nul`], here and wherever the store writes.
    async fn create_account(&self, new: &NewAccount, by: &Actor) -> Result<(), StoreError>;

    /// The account with this id, or with this email in any letter case. Its phone numbers come
    /// in the order of their ids, here and below.
    async fn account(&self, id_or_email: &str) -> Result<Option<Account>, StoreError>;

    /// Up to `limit` accounts in the order of their ids, from the one behind `after`.
    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError>;

    /// The account whose token has this digest and is live at `now`. Suspended accounts are
    /// returned too: the caller decides what they may do.
    async fn account_by_token(
        &self,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<Option<TokenHolder>, StoreError>;

    /// Another number whenever any account or token was changed through this store: while it is
    /// the same, so is what `account_by_token` answers, until the token ends. It is the number of
    /// the last audit entry, so it may also be another one when no account has changed.
    async fn account_changes(&self) -> Result<i64, StoreError>;

    /// Applies the whole change or nothing of it; numbers are removed before others are added.
    /// `false` if there is no such account.
    /// A Meta token is written only where there is a WhatsApp account; without one, `false`.
    async fn change_account(
        &self,
        id: &AccountId,
        change: &AccountChange,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Deletes the account and everything that belongs to it, but for what was written down of
    /// changes. `false` if there is none.
    async fn delete_account(
        &self,
        id: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
