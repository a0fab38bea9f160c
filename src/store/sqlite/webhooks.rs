//! Webhook settings in SQLite.

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::{query, query_as};

use super::Sqlite;
use crate::model::{AccountId, Timestamp, WebhookChange, WebhookConfig};
use crate::store::rows::{Codes, WebhookRow, event_names};
use crate::store::text::storable_webhook;
use crate::store::{StoreError, Webhooks, sql};

#[async_trait]
impl Webhooks for Sqlite {
    async fn webhook_config(&self, account: &AccountId) -> Result<WebhookConfig, StoreError> {
        let row = query_as(sql::WEBHOOK_CONFIG).bind(account.as_str());
        let row = async { Ok(row.fetch_optional(&self.readers).await?) };
        let row: Option<WebhookRow> = self.within(row).await?;
        self.config(account, row)
    }

    async fn change_webhook_config(
        &self,
        account: &AccountId,
        change: &WebhookChange,
        fresh_code: &SecretString,
        now: Timestamp,
    ) -> Result<WebhookConfig, StoreError> {
        storable_webhook(change)?;
        self.within(async {
            let mut tx = self.write().await?;
            let data_key = super::accounts::data_key(&mut tx, account).await?;
            let data_key = data_key.ok_or(StoreError::NoAccount)?;

            let row = query_as(sql::WEBHOOK_CONFIG).bind(account.as_str());
            let row = row.fetch_optional(&mut *tx).await?;
            let before = self.config(account, row)?;
            let config = before.changed_by(change.clone(), fresh_code.clone());
            let codes = Codes::of(&before, &config, account, &data_key, &self.keyring, now)?;

            let save = query(sql::SAVE_WEBHOOK_CONFIG)
                .bind(account.as_str())
                .bind(&config.url)
                .bind(codes.code)
                .bind(config.verified)
                .bind(event_names(&config.events))
                .bind(codes.previous)
                .bind(codes.previous_until)
                .bind(codes.changed);
            save.execute(&mut *tx).await?;
            if change.url.is_some() || change.code.is_some() {
                let forgive = query(sql::deliveries::FORGIVE).bind(account.as_str());
                forgive.execute(&mut *tx).await?;
            }
            tx.commit().await?;
            self.work.announce();
            Ok(config)
        })
        .await
    }
}

impl Sqlite {
    fn config(
        &self,
        account: &AccountId,
        row: Option<WebhookRow>,
    ) -> Result<WebhookConfig, StoreError> {
        row.map_or_else(
            || Ok(WebhookConfig::default()),
            |row| row.into_config(account, &self.keyring),
        )
    }
}
