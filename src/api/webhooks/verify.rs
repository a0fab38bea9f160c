//! `POST /v2/webhooks/verify`: the handshake that Meta does with us, done with our caller.

use axum::extract::State;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::no_url;
use crate::access::{Acting, DeveloperPlan};
use crate::delivery::Called;
use crate::state::AppState;
use crate::wire::{ApiError, Carried, Reply};

const NOT_THE_CHALLENGE: &str = "The endpoint did not answer with the challenge";
const CHANGED: &str = "The webhook settings changed meanwhile; verify again";

/// What came of it. A failure leaves an earlier success as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookVerification)]
pub(super) struct Verification {
    is_verified: bool,
    /// What the endpoint answered
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn verify(
    Carried(plan): Carried<DeveloperPlan>,
    Acting(by): Acting,
    State(state): State<AppState>,
) -> Result<Reply<Verification>, ApiError> {
    let account = &plan.caller().account.id;
    let config = state.store.webhook_config(account).await?;
    let (Some(url), Some(code)) = (&config.url, &config.code) else { return Err(no_url()) };
    let challenge = fresh_challenge()?;
    let called = state.webhook_client.challenge(url, code.expose_secret(), &challenge).await;
    let status = called.status();
    if let Some(error) = fault(&called, &challenge) {
        let is_verified = config.verified;
        return Ok(Reply(Verification { is_verified, status, error: Some(error) }));
    }
    let is_verified = state.store.set_verified(account, url, code).await?;
    if is_verified {
        state.store.enable_endpoint(account, &by, state.clock.now()).await?;
    }
    let error = (!is_verified).then(|| CHANGED.to_owned());
    Ok(Reply(Verification { is_verified, status, error }))
}

fn fault(called: &Called, challenge: &str) -> Option<String> {
    let body = called.answer.as_ref().map(|answer| answer.body.trim_ascii());
    let proven = body.is_ok_and(|body| body == challenge.as_bytes());
    called.failure().or_else(|| (!proven).then(|| NOT_THE_CHALLENGE.to_owned()))
}

/// Nine digits, as Meta's are a number too: receivers parse it.
fn fresh_challenge() -> Result<String, ApiError> {
    let random = getrandom::u32().map_err(|_| ApiError::Internal("no randomness"))?;
    Ok((100_000_000 + random % 900_000_000).to_string())
}
