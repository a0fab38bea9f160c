//! `/v2/webhooks/config`: where the caller wants to be called.

use axum::extract::{Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::access::{Acting, DeveloperPlan};
use crate::fields::{
    AnyText, Field, Fields, FromFields, Json, List, Place, Violations, read_body, rule,
};
use crate::model::public_address::check_webhook_url;
use crate::model::{AccountId, Timestamp, WebhookChange, WebhookConfig, WebhookEvent};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, JsonBody, Reply};

pub(super) const EXAMPLE: &str = r#"{ "webhookUrl": "https://example.com/whatsapp" }"#;
/// Far above any sensible code, and below what a header or a query can carry.
const MOST_CODE: usize = 256;

/// The settings as callers see them: empty strings where nothing is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    webhook_url: String,
    webhook_code: String,
    is_verified: bool,
    events: Vec<&'static str>,
    /// The code as the Standard Webhooks libraries take it
    signing_secret: String,
    /// Set while nothing is delivered; verify, test or set the URL to go on
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<Disabled>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DisabledEndpoint)]
struct Disabled {
    #[schema(value_type = String, format = "date-time")]
    since: Timestamp,
    reason: String,
}

pub(super) async fn show(
    Carried(plan): Carried<DeveloperPlan>,
    State(state): State<AppState>,
) -> Result<Reply<Config>, ApiError> {
    let account = &plan.caller().account.id;
    let config = state.store.webhook_config(account).await?;
    Ok(Reply(told(&state, account, &config).await?))
}

pub(super) async fn change(
    Carried(plan): Carried<DeveloperPlan>,
    Acting(by): Acting,
    State(state): State<AppState>,
    request: Request,
) -> Result<Reply<Config>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = JsonBody::read(&parts.headers, body, plan.caller(), &state).await?;
    let asked: Change = read_body(&body.object()?)?;
    let change = asked.judged(state.webhooks.allow_private)?;
    let account = &plan.caller().account.id;
    let (fresh_code, now) = (fresh_code()?, state.clock.now());
    let changed = state.store.change_webhook_config(account, &change, &fresh_code, &by, now);
    let config = changed.await?;
    Ok(Reply(told(&state, account, &config).await?))
}

/// The settings, and whether the endpoint is paused.
async fn told(
    state: &AppState,
    account: &AccountId,
    config: &WebhookConfig,
) -> Result<Config, ApiError> {
    let health = state.store.endpoint_health(account).await?;
    let disabled = health.disabled.map(|(since, reason)| Disabled { since, reason });
    Ok(Config { disabled, ..Config::from(config) })
}

fn fresh_code() -> Result<SecretString, ApiError> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut bytes[..]).map_err(|_| ApiError::Internal("no randomness"))?;
    Ok(hex::encode(&bytes[..]).into())
}

/// The body of a change. An empty string clears; what is left out stays.
pub(super) struct Change {
    url: Option<Clearable>,
    code: Option<Clearable>,
    events: Option<List<WebhookEvent, 0, 4>>,
}

/// A text, or nothing for the empty one.
struct Clearable(Option<String>);

impl Field for Clearable {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        if value.text() == "\"\"" {
            return Some(Self(None));
        }
        AnyText::read(value, place).map(|text| Self(Some(text.into_string())))
    }

    fn schema() -> Schema {
        Schema::Object(ObjectBuilder::new().schema_type(Type::String).build())
    }
}

impl Field for WebhookEvent {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let name = value.as_string().and_then(Result::ok);
        let event = name.and_then(|name| Self::from_name(&name));
        event.or_else(|| place.fault("must be newLead, newMessage, messageStatus or metaEvent"))
    }

    fn schema() -> Schema {
        let names = Self::ALL.map(Self::name);
        Schema::Object(
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build(),
        )
    }
}

impl FromFields for Change {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.optional("webhookUrl");
        let code = fields.optional::<Clearable>("webhookCode");
        let events = fields.optional("events");
        fields.describe(|| {
            let names = ["webhookUrl", "webhookCode"];
            let given = names.map(|name| rule::members([(name, Clearable::schema(), true)]));
            let events = List::<WebhookEvent, 0, 4>::schema();
            rule::any_of(given.into_iter().chain([rule::members([("events", events, true)])]))
        });
        let (url, code, events) = (url?, code?, events?);
        if url.is_none() && code.is_none() && events.is_none() {
            return fields.fault("", "must have webhookUrl, webhookCode or events");
        }
        Some(Self { url, code, events })
    }
}

impl Change {
    /// Whether private addresses are allowed is a setting, so it is judged here and not in the
    /// reader of the field.
    fn judged(self, allow_private: bool) -> Result<WebhookChange, ApiError> {
        let mut faults = Violations::default();
        if let Some(Clearable(Some(url))) = &self.url
            && let Err(fault) = check_webhook_url(url, allow_private)
        {
            faults.add("webhookUrl".into(), fault.into());
        }
        if let Some(Clearable(Some(code))) = &self.code
            && code.chars().count() > MOST_CODE
        {
            faults.add("webhookCode".into(), format!("must be at most {MOST_CODE} characters"));
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        Ok(WebhookChange {
            url: self.url.map(|url| url.0),
            code: self.code.map(|code| code.0.map(SecretString::from)),
            events: self.events.map(|events| without_repeats(&events.into_vec())),
        })
    }
}

fn without_repeats(events: &[WebhookEvent]) -> Vec<WebhookEvent> {
    WebhookEvent::ALL.into_iter().filter(|event| events.contains(event)).collect()
}

impl From<&WebhookConfig> for Config {
    fn from(config: &WebhookConfig) -> Self {
        let code = config.code.as_ref().map(|code| code.expose_secret());
        Self {
            webhook_url: config.url.clone().unwrap_or_default(),
            webhook_code: code.unwrap_or_default().to_owned(),
            is_verified: config.verified,
            events: config.events.iter().map(|event| event.name()).collect(),
            signing_secret: code.map(signing_secret).unwrap_or_default(),
            disabled: None,
        }
    }
}

/// `whsec_` and base64 of the bytes that sign.
fn signing_secret(code: &str) -> String {
    format!("whsec_{}", STANDARD.encode(code.as_bytes()))
}
