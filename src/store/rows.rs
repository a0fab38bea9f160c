//! Between rows and nouns: what both databases do alike with what they read and write.

mod api_tokens;
mod attempts;
mod audit;
mod deliveries;
pub(super) mod messages;
pub(super) mod sends;
mod webhooks;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::FromRow;

pub(super) use api_tokens::{TokenRow, live};
pub(super) use attempts::{Ended, EndedAttempt, LONGEST_SHUT, LogRow, by_delivery, news};
pub(super) use audit::{AuditRow, Forgiven, HeadRow};
pub(super) use deliveries::{AttemptRow, ClaimRow, DeliveryRow, HealthRow, RouteRow, claimed};
pub(super) use webhooks::{Codes, EndpointRow, WebhookRow, event_names};

use super::audit::deeds::Standing;
use super::{AccountChange, Cause, Keyring, StoreError, TokenHolder, sql};
use crate::model::{
    Account, AccountId, FlowRecord, FlowSnapshot, GraphId, OwnRateLimits, PhoneNumber, Plan,
    RateLimit, Timestamp, WhatsAppAccount,
};

pub(super) const META_TOKEN: &str = "whatsapp_accounts.meta_token";

/// An account with all that belongs to it, in one row: one query, one round trip.
#[derive(FromRow)]
pub(super) struct AccountRow {
    id: String,
    name: String,
    email: String,
    suspended: bool,
    created_at: i64,
    data_key: Vec<u8>,
    rate_limit: Option<String>,
    number_rate_limit: Option<String>,
    whatsapp_id: Option<String>,
    waba_id: Option<String>,
    display_name: Option<String>,
    meta_token: Option<Vec<u8>>,
    /// JSON: `[[name, add_on, ends_at], …]`.
    plans: String,
    /// JSON: `[[id, number, name], …]`.
    phone_numbers: String,
}

#[derive(FromRow)]
pub(super) struct TokenHolderRow {
    #[sqlx(flatten)]
    account: AccountRow,
    /// Of the token.
    expires_at: Option<i64>,
}

#[derive(FromRow)]
pub(super) struct FlowRow {
    id: String,
    name: String,
    status: String,
    validation: String,
    created_at: i64,
    updated_at: i64,
    recipients: i64,
}

/// What of a new account is written sealed.
pub(super) struct NewSecrets {
    pub(super) data_key: Vec<u8>,
    pub(super) data_key_id: String,
    pub(super) meta_token: Option<Vec<u8>>,
}

impl AccountRow {
    pub(super) fn into_account(self, keyring: &Keyring) -> Result<Account, StoreError> {
        let rate_limits = self.rate_limits()?;
        let id = AccountId::from_stored(self.id);
        // The data key is opened even if nothing is sealed with it yet: a wrong key in the
        // settings shows itself at the first read, not at the first secret.
        let data_key = keyring.data_key(&id, &self.data_key)?;
        let meta_token =
            self.meta_token.map(|sealed| data_key.open(META_TOKEN, &sealed)).transpose()?;
        let whatsapp = match (self.whatsapp_id, self.waba_id, self.display_name) {
            (Some(id), Some(waba_id), Some(display_name)) => {
                let waba_id = graph_id(&waba_id, "whatsapp_accounts.waba_id")?;
                Some(WhatsAppAccount { id, waba_id, display_name, meta_token })
            }
            _ => None,
        };
        Ok(Account {
            id,
            name: self.name,
            email: self.email,
            suspended: self.suspended,
            plans: plans(&self.plans)?,
            whatsapp,
            phone_numbers: phone_numbers(&self.phone_numbers)?,
            rate_limits,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }

    /// The parts that may change; the Meta token stays sealed.
    pub(super) fn into_standing(self) -> Result<Standing, StoreError> {
        Ok(Standing {
            suspended: self.suspended,
            primary_plan: plans(&self.plans)?.into_iter().find(|plan| !plan.add_on),
            phone_numbers: phone_numbers(&self.phone_numbers)?,
            rate_limits: self.rate_limits()?,
            sealed_meta_token: self.meta_token,
        })
    }

    fn rate_limits(&self) -> Result<OwnRateLimits, StoreError> {
        Ok(OwnRateLimits {
            account: rate_limit(self.rate_limit.as_deref())?,
            number: rate_limit(self.number_rate_limit.as_deref())?,
        })
    }
}

impl TokenHolderRow {
    pub(super) fn into_holder(self, keyring: &Keyring) -> Result<TokenHolder, StoreError> {
        let account = self.account.into_account(keyring)?;
        Ok(TokenHolder { account, token_ends_at: self.expires_at.map(Timestamp::from_millis) })
    }
}

impl FlowRow {
    pub(super) fn into_record(self, account: &AccountId) -> Result<FlowRecord, StoreError> {
        let flow = FlowSnapshot {
            id: graph_id(&self.id, "flows.id")?,
            name: self.name,
            status: self.status,
            validation: self.validation,
        };
        Ok(FlowRecord {
            flow,
            account_id: account.clone(),
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            recipients: self.recipients,
        })
    }
}

impl NewSecrets {
    pub(super) fn of(new: &Account, keyring: &Keyring) -> Result<Self, StoreError> {
        let (data_key, wrapped) = keyring.fresh_data_key(&new.id)?;
        let meta_token = new.whatsapp.as_ref().and_then(|whatsapp| whatsapp.meta_token.as_ref());
        let meta_token = meta_token.map(|token| data_key.seal(META_TOKEN, token)).transpose()?;
        Ok(Self { data_key: wrapped.bytes, data_key_id: wrapped.key_id, meta_token })
    }
}

pub(super) fn sealed_meta_token(
    token: &SecretString,
    account: &AccountId,
    data_key: &[u8],
    keyring: &Keyring,
) -> Result<Vec<u8>, StoreError> {
    keyring.data_key(account, data_key)?.seal(META_TOKEN, token)
}

/// The statements that set an account's own limits, and to what.
pub(super) fn limits_set(
    change: &AccountChange,
) -> impl Iterator<Item = (&'static str, Option<String>)> + use<> {
    let written = |limit: Option<RateLimit>| limit.map(|limit| limit.to_string());
    let account = change.rate_limit.map(|limit| (sql::SET_RATE_LIMIT, written(limit)));
    let number = change.number_rate_limit.map(|limit| (sql::SET_NUMBER_RATE_LIMIT, written(limit)));
    account.into_iter().chain(number)
}

fn rate_limit(text: Option<&str>) -> Result<Option<RateLimit>, StoreError> {
    let unreadable = |_| StoreError::Query(Cause::unreadable("accounts.rate_limit"));
    text.map(|text| text.parse().map_err(unreadable)).transpose()
}

/// Whether `token` is what is sealed here. What does not open is nothing, and may be replaced.
pub(super) fn is_meta_token(
    sealed: Option<&[u8]>,
    token: &SecretString,
    account: &AccountId,
    data_key: &[u8],
    keyring: &Keyring,
) -> Result<bool, StoreError> {
    let Some(sealed) = sealed else { return Ok(false) };
    let opened = keyring.data_key(account, data_key)?.open(META_TOKEN, sealed);
    Ok(opened.is_ok_and(|known| known.expose_secret() == token.expose_secret()))
}

fn graph_id(text: &str, column: &'static str) -> Result<GraphId, StoreError> {
    GraphId::parse(text).ok_or(StoreError::Query(Cause::unreadable(column)))
}

fn plans(json: &str) -> Result<Vec<Plan>, StoreError> {
    let rows: Vec<(String, bool, Option<i64>)> =
        serde_json::from_str(json).map_err(|_| StoreError::Query(Cause::unreadable("plans")))?;
    let plan = |(name, add_on, ends_at): (_, _, Option<i64>)| {
        let ends_at = ends_at.map(Timestamp::from_millis);
        Plan { name, add_on, ends_at }
    };
    Ok(rows.into_iter().map(plan).collect())
}

fn phone_numbers(json: &str) -> Result<Vec<PhoneNumber>, StoreError> {
    let rows: Vec<(String, String, String)> = serde_json::from_str(json)
        .map_err(|_| StoreError::Query(Cause::unreadable("phone_numbers")))?;
    let number = |(id, number, name): (String, _, _)| {
        let id = graph_id(&id, "phone_numbers.id")?;
        Ok(PhoneNumber { id, number, name })
    };
    rows.into_iter().map(number).collect()
}
