//! Webhook settings in PostgreSQL.

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::{query, query_as};

use super::Postgres;
use super::audit::append;
use crate::model::{AccountId, Actor, Timestamp, WebhookChange, WebhookConfig};
use crate::store::audit::deeds;
use crate::store::rows::{Codes, EndpointRow, WebhookRow, event_names};
use crate::store::text::storable_webhook;
use crate::store::{Endpoint, StoreError, Webhooks, sql};

#[async_trait]
impl Webhooks for Postgres {
    async fn webhook_config(&self, account: &AccountId) -> Result<WebhookConfig, StoreError> {
        let row = query_as(sql::WEBHOOK_CONFIG).bind(account.as_str());
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
        let row: Option<WebhookRow> = self.within(row).await?;
        self.config(account, row)
    }

    async fn endpoint(
        &self,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<Option<Endpoint>, StoreError> {
        let row = query_as(sql::ENDPOINT).bind(account.as_str()).bind(now.as_millis());
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
        let row: Option<EndpointRow> = self.within(row).await?;
        row.map(|row| row.into_endpoint(account, &self.keyring)).transpose()
    }

    async fn change_webhook_config(
        &self,
        account: &AccountId,
        change: &WebhookChange,
        fresh_code: &SecretString,
        by: &Actor,
        now: Timestamp,
    ) -> Result<WebhookConfig, StoreError> {
        storable_webhook(change)?;
        self.within(async {
            let mut tx = self.write().await?;
            let data_key = super::accounts::lock(&mut tx, account).await?;
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
            let mut deeds: Vec<_> =
                deeds::webhook_changed(&before, &config, codes.changed).into_iter().collect();
            if before.url != config.url {
                query(sql::deliveries::LET_GO).bind(account.as_str()).execute(&mut *tx).await?;
            }
            if change.url.is_some() || change.code.is_some() {
                deeds.extend(super::deliveries::forgive(&mut tx, account).await?.enabled);
            }
            append(&mut tx, by, now, Some(account), &deeds).await?;
            tx.commit().await?;
            self.work.announce();
            Ok(config)
        })
        .await
    }

    async fn set_verified(
        &self,
        account: &AccountId,
        url: &str,
        code: &SecretString,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let mut tx = self.write().await?;
            // Holds changes up until this one is done.
            if super::accounts::lock(&mut tx, account).await?.is_none() {
                return Ok(false);
            }
            let row = query_as(sql::WEBHOOK_CONFIG).bind(account.as_str());
            let row = row.fetch_optional(&mut *tx).await?;
            if !self.config(account, row)?.is_at(url, code) {
                return Ok(false);
            }
            query(sql::SET_VERIFIED).bind(account.as_str()).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }
}

impl Postgres {
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
