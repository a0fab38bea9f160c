//! `GET` and `POST /{version}/{number}/whatsapp_business_profile`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::passing::{Asked, OF_NODES, bytes, object, pass};
use crate::access::OwnedPhoneNumber;
use crate::graph::{Forward, Work};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, RequestRecord};

const EDGE: Option<&str> = Some("whatsapp_business_profile");

pub(super) async fn show(
    Carried(number): Carried<OwnedPhoneNumber>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
) -> Result<Response, ApiError> {
    let query = asked.among(&OF_NODES)?;
    let call = Forward { node: number.number(), edge: EDGE, query, work: Work::Read };
    let profile = pass(call, &asked.here, number.caller(), &record, &state).await?;
    Ok(record.style.pass(&profile))
}

pub(super) async fn change(
    Carried(number): Carried<OwnedPhoneNumber>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    asked: Asked,
    request: Request,
) -> Result<Response, ApiError> {
    let body = object(request, number.caller(), &state).await?;
    let work = Work::Write(bytes(&body));
    let call = Forward { node: number.number(), edge: EDGE, query: Vec::new(), work };
    let changed = pass(call, &asked.here, number.caller(), &record, &state).await?;
    Ok(record.style.pass(&changed))
}
