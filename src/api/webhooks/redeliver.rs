//! Once more: one delivery, or all of a range of time.

use std::time::Duration;

use axum::extract::{Request, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat};
use utoipa::openapi::{ObjectBuilder, Type};

use super::deliveries::{Item, read_id};
use crate::access::{Acting, DeveloperPlan};
use crate::fields::{AnyText, Field, Fields, FromFields, Json, Place, Violations, read_body};
use crate::model::Timestamp;
use crate::state::AppState;
use crate::wire::{ApiError, Carried, JsonBody, Reply, TextPath};

pub(super) const EXAMPLE: &str =
    r#"{ "from": "2026-11-20T08:00:00Z", "to": "2026-11-20T12:30:00Z" }"#;
/// As long as bodies are kept.
const FURTHEST_BACK: Duration = Duration::from_secs(14 * 24 * 3600);
const MOST: i64 = 10_000;

/// How many deliveries are now due once more; of more than 10,000 the oldest.
#[derive(Serialize, ToSchema)]
pub(super) struct Redelivered {
    redelivered: u64,
}

/// The deliveries created from one moment on and before another.
pub(super) struct Range {
    from: Moment,
    to: Moment,
}

#[derive(Clone, Copy)]
struct Moment(Timestamp);

pub(super) async fn one(
    TextPath(id): TextPath,
    Carried(plan): Carried<DeveloperPlan>,
    Acting(by): Acting,
    State(state): State<AppState>,
) -> Result<Reply<Item>, ApiError> {
    let id = read_id(id)?;
    let account = &plan.caller().account.id;
    let again = state.store.redeliver(account, &id, &by, state.clock.now()).await?;
    let (delivery, _) =
        state.store.delivery(account, &id).await?.ok_or(ApiError::DELIVERY_NOT_FOUND)?;
    if !again {
        return Err(Violations::one("id", "is too old: its body is not kept any more").into());
    }
    Ok(Reply(delivery.into()))
}

pub(super) async fn range(
    Carried(plan): Carried<DeveloperPlan>,
    Acting(by): Acting,
    State(state): State<AppState>,
    request: Request,
) -> Result<Reply<Redelivered>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = JsonBody::read(&parts.headers, body, plan.caller(), &state).await?;
    let Range { from, to } = read_body(&body.object()?)?;
    let now = state.clock.now();
    if from.0 < now.minus(FURTHEST_BACK) {
        return Err(Violations::one("from", "must be at most 14 days ago").into());
    }
    let account = &plan.caller().account.id;
    let redelivered = state.store.redeliver_range(account, from.0, to.0, MOST, &by, now).await?;
    Ok(Reply(Redelivered { redelivered }))
}

impl FromFields for Range {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required::<Moment>("from");
        let to = fields.required::<Moment>("to");
        let (from, to) = (from?, to?);
        if to.0 <= from.0 {
            return fields.fault("to", "must be after from");
        }
        Some(Self { from, to })
    }
}

impl Field for Moment {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = AnyText::read(value, place)?;
        let moment = Timestamp::parse(text.as_str()).map(Self);
        moment.or_else(|| place.fault("must be a time such as 2026-11-20T08:00:00Z"))
    }

    fn schema() -> Schema {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        Schema::Object(ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build())
    }
}
