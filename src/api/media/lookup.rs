//! Finding a media of the caller's, and no one else's.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::access::DeveloperPlan;
use crate::graph::{Errand, MediaInfo};
use crate::model::GraphId;
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, GraphIdPath, Reply, RequestRecord};

pub(super) async fn show(
    GraphIdPath(id): GraphIdPath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Reply<BTreeMap<String, Box<RawValue>>>, ApiError> {
    let id = id.ok_or(ApiError::MEDIA_NOT_FOUND)?;
    let (info, _) =
        record.upstream(find_media(&state, plan.caller(), record.errand, &id, None)).await?;
    let known: Option<BTreeMap<String, Box<RawValue>>> =
        serde_json::from_slice(&info.reply.body).ok();
    let mut known = known.ok_or(ApiError::MEDIA_NOT_FOUND)?;
    known.remove("url");
    Ok(Reply(known))
}

pub(super) async fn remove(
    GraphIdPath(id): GraphIdPath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let id = id.ok_or(ApiError::MEDIA_NOT_FOUND)?;
    let caller = plan.caller();
    // Nothing is deleted before the media is known to be the caller's.
    let (_, number) = record.upstream(find_media(&state, caller, record.errand, &id, None)).await?;
    let gone = state.graph.delete_media(caller.credentials(record.errand), &id, Some(&number));
    let answer = record.upstream(gone).await?;
    Ok(record.style.pass(&answer))
}

/// Asks Graph for the media as one of the caller's numbers: two accounts may share a Meta token,
/// and then Graph by itself denies nothing. With `only`, as that one of them.
///
/// # Errors
/// As any read of Graph's; the last refusal, if it is no number's.
pub async fn find_media(
    state: &AppState,
    caller: &Caller,
    errand: Errand,
    id: &GraphId,
    only: Option<&GraphId>,
) -> Result<(MediaInfo, GraphId), ApiError> {
    let credentials = caller.credentials(errand);
    let mut last = ApiError::MEDIA_NOT_FOUND;
    let numbers = caller.account.phone_numbers.iter();
    for number in numbers.filter(|number| only.is_none_or(|only| number.id == *only)) {
        match state.graph.media(credentials, id, Some(&number.id)).await {
            Ok(info) => return Ok((info, number.id.clone())),
            // Another of the numbers may still have it.
            Err(failure) if failure.is_refusal() => last = failure.into(),
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(last)
}
