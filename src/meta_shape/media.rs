//! `POST /{version}/{number}/media`, and the bytes that the links in look-ups lead to.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::nodes::hide;
use crate::access::{DeveloperPlan, OwnedPhoneNumber};
use crate::api::{stream_media, upload_form};
use crate::state::AppState;
use crate::wire::{ApiError, Carried, NodePath, RequestRecord};

pub(super) async fn upload(
    Carried(number): Carried<OwnedPhoneNumber>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let uploaded = upload_form(number, &parts.headers, body, Arc::clone(&record), &state).await?;
    Ok(record.style.pass(&uploaded.reply))
}

pub(super) async fn bytes(
    NodePath(media): NodePath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let media = media.ok_or(ApiError::NO_SUCH_OBJECT)?;
    stream_media(&media, false, plan.caller(), &record, &state).await.map_err(hide)
}
