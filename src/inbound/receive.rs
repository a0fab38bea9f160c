//! `GET` and `POST /webhooks/meta`: Meta's own calls. No token; a signature instead.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::arrivals;
use super::envelope::Envelope;
use super::signature::is_metas;
use crate::access::Guard;
use crate::metrics::PostEnd;
use crate::model::Timestamp;
use crate::openapi::{Answer, Parameter, ParameterKind, Route};
use crate::state::AppState;
use crate::store::{Arrival, InboundPost, Keep};
use crate::wire::{ApiError, Pace, Query, declared_length};

/// Meta says 3 MB.
const MAX_POST: u64 = 4 * 1024 * 1024;
const MAX_CHALLENGE: usize = 256;

const HANDSHAKE: Answer =
    Answer::Text { content_type: "text/plain", about: "The challenge, given back" };

#[must_use]
pub fn routes() -> Vec<Route> {
    let path = "/webhooks/meta";
    vec![
        Route::get(path, get(handshake), HANDSHAKE)
            .about("Meta", "Meta asks whether this address is ours")
            .guarded(Guard::Public)
            .with(
                const {
                    &[
                        Parameter::query("hub.mode", ParameterKind::Text, "subscribe"),
                        Parameter::query(
                            "hub.verify_token",
                            ParameterKind::Text,
                            "The agreed word",
                        ),
                        Parameter::query(
                            "hub.challenge",
                            ParameterKind::Text,
                            "Given back as it is",
                        ),
                    ]
                },
            ),
        Route::post(path, post(receive), Answer::Nothing("It is stored"))
            .about("Meta", "Meta tells what happened, signed with the secret of its app")
            .guarded(Guard::Public)
            .with(
                const {
                    &[Parameter::header(
                        "X-Hub-Signature-256",
                        "`sha256=` and hex of the HMAC-SHA256 over the body, with the app secret",
                    )]
                },
            ),
    ]
}

async fn handshake(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    let agreed = state.inbox.verify_token().ok_or(ApiError::HandshakeRefused)?;
    let shown = query.text("hub.verify_token")?.unwrap_or_default();
    let same = agreed.expose_secret().as_bytes().ct_eq(shown.as_bytes());
    let challenge = query.text("hub.challenge")?.filter(|text| text.len() <= MAX_CHALLENGE);
    let subscribes = query.text("hub.mode")? == Some("subscribe");
    match challenge {
        Some(challenge) if subscribes && bool::from(same) => {
            let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((plain, challenge.to_owned()).into_response())
        }
        _ => Err(ApiError::HandshakeRefused),
    }
}

/// 200 only for what is stored: Meta repeats anything else for days.
async fn receive(State(state): State<AppState>, request: Request) -> Result<StatusCode, ApiError> {
    let stored = store(&state, request).await;
    state.metrics.inbound.posted(match &stored {
        Ok(Keep::Routed) => PostEnd::Stored,
        Ok(Keep::Unrouted) => PostEnd::StoredUnrouted,
        Ok(Keep::Unparsed) => PostEnd::StoredUnparsed,
        Err(ApiError::BadSignature) => PostEnd::BadSignature,
        Err(ApiError::BodyTooLarge(_) | ApiError::BodyTimeout | ApiError::BodyBroken) => {
            PostEnd::Incomplete
        }
        Err(_) => PostEnd::NotStored,
    });
    stored.map(|_| StatusCode::OK)
}

async fn store(state: &AppState, request: Request) -> Result<Keep, ApiError> {
    let (parts, body) = request.into_parts();
    if declared_length(&parts.headers).is_some_and(|length| length > MAX_POST) {
        return Err(ApiError::BodyTooLarge(MAX_POST));
    }
    let mut pace = Pace::new(body, state.body_timeout, MAX_POST);
    let (mut raw, mut room) = (Vec::new(), Vec::new());
    while let Some(chunk) = pace.chunk().await? {
        // As it comes, and not as announced: anybody may announce much and send nothing.
        room.push(state.limits.post_bodies.take(chunk.len() as u64).await?);
        raw.extend_from_slice(&chunk);
    }
    if !is_metas(&parts.headers, &raw, state.inbox.app_secrets()) {
        return Err(ApiError::BadSignature);
    }
    let _slot = state.limits.admit_post().await?;
    let post = understood(raw, state).await?;
    let keep = post.keep;
    if state.inbox.take_in(post).await { Ok(keep) } else { Err(ApiError::NotStored) }
}

/// Reads the post, and finds whom each change in it concerns.
async fn understood(raw: Vec<u8>, state: &AppState) -> Result<InboundPost, ApiError> {
    let received_at = state.clock.now();
    let (keep, arrivals) = match std::str::from_utf8(&raw).ok().and_then(Envelope::read) {
        None => (Keep::Unparsed, Vec::new()),
        Some(envelope) => sorted(&envelope, state, received_at).await?,
    };
    Ok(InboundPost { received_at, raw, keep, arrivals })
}

async fn sorted(
    envelope: &Envelope<'_>,
    state: &AppState,
    now: Timestamp,
) -> Result<(Keep, Vec<Arrival>), ApiError> {
    let mut keep = if envelope.damaged { Keep::Unparsed } else { Keep::Routed };
    let mut arrivals = Vec::new();
    for change in &envelope.changes {
        // A change about a number is for whoever has the number; others are for the whole WABA.
        let id = change.phone_number().or_else(|| change.waba()).unwrap_or_default();
        let routes = state.inbox.routes(&id).await?;
        if routes.is_empty() && keep == Keep::Routed {
            keep = Keep::Unrouted;
        }
        let mut told = BTreeSet::new();
        for route in routes.iter().filter(|route| told.insert(route.account.as_str().to_owned())) {
            arrivals.extend(arrivals::of_change(change, route, now));
        }
    }
    name_references(&mut arrivals, state).await?;
    Ok((keep, arrivals))
}

/// Whoever hears of a status hears by which name they sent the message.
async fn name_references(arrivals: &mut [Arrival], state: &AppState) -> Result<(), ApiError> {
    let told = arrivals.iter_mut().filter_map(|told| Some((told.status_that_is_told()?, told)));
    let (statuses, told): (Vec<_>, Vec<_>) = told.unzip();
    if statuses.is_empty() {
        return Ok(());
    }
    // Meta may be faster than the record of a send.
    let unwritten = statuses.iter().map(|(of, told)| state.recorder.reference(of, &told.wamid));
    let unwritten: Vec<_> = unwritten.collect();
    let written = state.store.references(&statuses).await?;
    for ((arrival, unwritten), written) in told.into_iter().zip(unwritten).zip(written) {
        if let Some(reference) = written.or(unwritten) {
            arrivals::name_reference(&mut arrival.events, &reference);
        }
    }
    Ok(())
}
