//! Where each account wants to be called.

use async_trait::async_trait;
use secrecy::SecretString;

use super::{Endpoint, StoreError};
use crate::model::{AccountId, Actor, Timestamp, WebhookChange, WebhookConfig};

#[async_trait]
pub trait Webhooks: Send + Sync {
    /// The account's settings; the default ones if it never set any.
    async fn webhook_config(&self, account: &AccountId) -> Result<WebhookConfig, StoreError>;

    /// Where a call that is made at `now` goes, and what it is signed with, as every delivery
    /// sees it. `None` if no URL is set.
    async fn endpoint(
        &self,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError>;

    /// Applies [`WebhookConfig::changed_by`] and answers the settings that now hold. Two changes
    /// at once happen one after the other: neither is lost. [`StoreError::NoAccount`] if there is
    /// no such account. A code that is replaced signs beside the new one for 24 hours. A change
    /// that names a URL or a code, be it the same one, enables the endpoint again: its failures
    /// are forgotten, and what was paused is due. What is being attempted at another URL than the
    /// new one is due again as well; how those attempts end does not count.
    async fn change_webhook_config(
        &self,
        account: &AccountId,
        change: &WebhookChange,
        fresh_code: &SecretString,
        by: &Actor,
        now: Timestamp,
    ) -> Result<WebhookConfig, StoreError>;

    /// Notes that `url` has proven to know `code`. `false`, and nothing noted, if the account's
    /// settings are not these any more.
    async fn set_verified(
        &self,
        account: &AccountId,
        url: &str,
        code: &SecretString,
    ) -> Result<bool, StoreError>;
}
