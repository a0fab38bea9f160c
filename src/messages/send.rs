//! The handlers that send: read the body as a kind, and hand it over.

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use serde_json::value::RawValue;
use std::sync::Arc;

use super::dispatch::dispatch;
use super::order::{About, Once, Order, Payload};
use super::outgoing::{Composed, Outgoing};
use super::template_check::{self, SentTemplate};
use super::{Kind, SendNamedTemplate, SendTemplate};
use crate::access::OwnedPhoneNumber;
use crate::fields::read_body;
use crate::graph::Content;
use crate::state::AppState;
use crate::wire::{ApiError, Carried, IdempotencyKey, JsonBody, RequestRecord, TextPath};

const TEMPLATE: &str = "template";

/// Everything about a request to send but its kind.
pub(super) struct Sending {
    pub(super) sender: OwnedPhoneNumber,
    pub(super) body: Arc<JsonBody>,
    pub(super) record: Arc<RequestRecord>,
    pub(super) key: Option<String>,
    /// With its parameters: one key is for one path.
    pub(super) path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Sending {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let IdempotencyKey(key) = IdempotencyKey::from_request_parts(parts, state).await?;
        let Carried(sender) = Carried::from_request_parts(parts, state).await?;
        let Carried(body) = Carried::from_request_parts(parts, state).await?;
        let Carried(record) = Carried::from_request_parts(parts, state).await?;
        let path = if key.is_some() { parts.uri.path().to_owned() } else { String::new() };
        Ok(Self { sender, body, record, key, path })
    }
}

impl Sending {
    async fn check_template(&self, composed: &Composed, state: &AppState) -> Result<(), ApiError> {
        let Content::Template(template) = &composed.message.content else { return Ok(()) };
        let components = template.components.as_deref().map(RawValue::get);
        let sent =
            SentTemplate { name: &template.name, language: &template.language.code, components };
        template_check::check(self.sender.caller(), sent, self.key.as_deref(), state).await
    }

    fn as_kind(&self, kind: &Kind) -> Result<Composed, ApiError> {
        Ok(kind.compose(&self.body.members())?)
    }

    fn order(self, kind: &'static str, composed: Composed) -> Result<(Order, About), ApiError> {
        let Composed { message, reference } = composed;
        let text = serde_json::to_vec(&message);
        let text = text.map_err(|_| ApiError::Internal("a message has no JSON form"))?;
        let once = self.key.map(|key| Once::new(key, &self.path, self.body.value()));
        let about = About {
            kind: kind.into(),
            masked: message.to.masked(),
            form: message.content.form().map(str::to_owned),
            to: message.to.into_string(),
            reference,
        };
        let template = match message.content {
            Content::Template(template) => Some(template.name),
            _ => None,
        };
        let payload = Payload { text: text.into(), traceable: true, room: self.body.room() };
        let order = Order { sender: self.sender, record: self.record, once, template, payload };
        Ok((order, about))
    }
}

pub(super) async fn kind(
    kind: &'static Kind,
    sending: Sending,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let composed = sending.as_kind(kind)?;
    let (order, about) = sending.order(kind.name(), composed)?;
    dispatch(order, about, &state).await
}

pub(super) async fn any(
    sending: Sending,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let kind = Kind::recognise(&sending.body.members()).ok_or(ApiError::UnsupportedPayload)?;
    let composed = sending.as_kind(kind)?;
    let (order, about) = sending.order(kind.name(), composed)?;
    dispatch(order, about, &state).await
}

pub(super) async fn template(
    sending: Sending,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let outgoing = read_body::<Outgoing<SendTemplate>>(&sending.body.members())?;
    let composed = Composed::from(outgoing);
    sending.check_template(&composed, &state).await?;
    let (order, about) = sending.order(TEMPLATE, composed)?;
    dispatch(order, about, &state).await
}

pub(super) async fn named_template(
    TextPath(name): TextPath,
    sending: Sending,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let outgoing = read_body::<Outgoing<SendNamedTemplate>>(&sending.body.members())?;
    let mut composed = Composed::from(outgoing);
    let name = name.filter(|name| !name.contains('\0')).ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    if let Content::Template(template) = &mut composed.message.content {
        template.name = name;
    }
    sending.check_template(&composed, &state).await?;
    let (order, about) = sending.order(TEMPLATE, composed)?;
    dispatch(order, about, &state).await
}
