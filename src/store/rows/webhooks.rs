//! Webhook settings as rows.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::FromRow;

use crate::model::{AccountId, Timestamp, WebhookConfig, WebhookEvent};
use crate::store::keyring::DataKey;
use crate::store::{Endpoint, Keyring, StoreError};

const WEBHOOK_CODE: &str = "webhook_configs.code";
const PREVIOUS_CODE: &str = "webhook_configs.previous_code";

/// How long a code signs beside the one that replaced it.
const ROTATION: Duration = Duration::from_hours(24);

#[derive(FromRow)]
pub(in crate::store) struct WebhookRow {
    data_key: Vec<u8>,
    url: Option<String>,
    code: Option<Vec<u8>>,
    verified: bool,
    events: String,
}

#[derive(FromRow)]
pub(in crate::store) struct EndpointRow {
    data_key: Vec<u8>,
    url: String,
    code: Option<Vec<u8>>,
    /// Only while it still signs.
    previous_code: Option<Vec<u8>>,
}

/// The codes of changed settings as they are written.
pub(in crate::store) struct Codes {
    pub(in crate::store) code: Option<Vec<u8>>,
    /// Whether the previous code is written as well.
    pub(in crate::store) changed: bool,
    pub(in crate::store) previous: Option<Vec<u8>>,
    pub(in crate::store) previous_until: Option<i64>,
}

impl WebhookRow {
    pub(in crate::store) fn into_config(
        self,
        account: &AccountId,
        keyring: &Keyring,
    ) -> Result<WebhookConfig, StoreError> {
        let data_key = keyring.data_key(account, &self.data_key)?;
        let code = self.code.map(|sealed| data_key.open(WEBHOOK_CODE, &sealed)).transpose()?;
        let events = events(&self.events);
        Ok(WebhookConfig { url: self.url, code, verified: self.verified, events })
    }
}

impl EndpointRow {
    pub(in crate::store) fn into_endpoint(
        self,
        account: &AccountId,
        keyring: &Keyring,
    ) -> Result<Endpoint, StoreError> {
        let data_key = keyring.data_key(account, &self.data_key)?;
        endpoint(self.url, self.code, self.previous_code, &data_key)
    }
}

/// The current code signs first.
pub(super) fn endpoint(
    url: String,
    code: Option<Vec<u8>>,
    previous_code: Option<Vec<u8>>,
    key: &DataKey,
) -> Result<Endpoint, StoreError> {
    let open = |column, sealed: Option<Vec<u8>>| {
        sealed.map(|sealed| key.open(column, &sealed)).transpose()
    };
    let secrets = [open(WEBHOOK_CODE, code)?, open(PREVIOUS_CODE, previous_code)?];
    Ok(Endpoint { url, secrets: secrets.into_iter().flatten().collect() })
}

impl Codes {
    pub(in crate::store) fn of(
        before: &WebhookConfig,
        after: &WebhookConfig,
        account: &AccountId,
        data_key: &[u8],
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let data_key = keyring.data_key(account, data_key)?;
        let text = |code: &Option<SecretString>| {
            code.as_ref().map(|code| zeroize::Zeroizing::new(code.expose_secret().to_owned()))
        };
        let changed = text(&before.code) != text(&after.code);
        // Without a code nothing is signed, and so with the one before it neither.
        let previous = before.code.as_ref().filter(|_| changed && after.code.is_some());
        let seal = |column, code: &SecretString| data_key.seal(column, code);
        Ok(Self {
            code: after.code.as_ref().map(|code| seal(WEBHOOK_CODE, code)).transpose()?,
            changed,
            previous: previous.map(|code| seal(PREVIOUS_CODE, code)).transpose()?,
            previous_until: previous.map(|_| now.plus(ROTATION).as_millis()),
        })
    }
}

pub(in crate::store) fn event_names(events: &[WebhookEvent]) -> String {
    events.iter().map(|event| event.name()).collect::<Vec<_>>().join(",")
}

/// An event that a newer version wrote must not stop this one.
pub(super) fn events(names: &str) -> Vec<WebhookEvent> {
    names.split(',').filter_map(WebhookEvent::from_name).collect()
}
