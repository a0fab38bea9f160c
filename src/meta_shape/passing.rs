//! Passing a call on to Graph, and its answer back.

use axum::extract::{FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;

use super::links::{self, Here};
use crate::access::ACCESS_TOKEN;
use crate::fields::Violations;
use crate::graph::{Forward, GraphReply};
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, JsonBody, Query, RequestRecord};

/// The members of a query that mean something to Meta's lists.
pub(super) const OF_LISTS: [&str; 11] = [
    "limit",
    "after",
    "before",
    "name",
    "status",
    "fields",
    "language",
    "category",
    "quality_score",
    "name_or_content",
    "summary",
];
/// The same for single objects.
pub(super) const OF_NODES: [&str; 3] = ["fields", "date_format", "phone_number_id"];

const FIELDS: &str = "fields";

/// Where the caller asked, and what of it links in the answer have to carry.
pub(super) struct Asked {
    pub(super) query: Query,
    pub(super) here: Here,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await?;
        let token = query.text(ACCESS_TOKEN)?.map(str::to_owned);
        let here = Here::new(state.public_url.clone(), parts.uri.path(), token);
        Ok(Self { query, here })
    }
}

impl Asked {
    /// Those of the caller's values whose names are known.
    pub(super) fn among(
        &self,
        names: &[&'static str],
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        let mut known = Vec::new();
        for name in names {
            if let Some(value) = self.query.text(name)? {
                if *name == FIELDS && leads_on(value) {
                    return Err(Violations::one(FIELDS, "must not lead to other objects").into());
                }
                known.push((*name, value.to_owned()));
            }
        }
        Ok(known)
    }
}

/// Whether fields ask for fields of other objects. From one that is the caller's they may lead to
/// all that the Meta token opens, and it may open more than one account.
fn leads_on(fields: &str) -> bool {
    let mut plain = fields.to_ascii_lowercase();
    plain.retain(|letter| !letter.is_whitespace());
    plain.contains('{') || plain.contains(".fields(")
}

/// Asks Graph on behalf of the caller. Links in the answer lead here.
pub(super) async fn pass(
    call: Forward<'_>,
    here: &Here,
    caller: &Caller,
    record: &RequestRecord,
    state: &AppState,
) -> Result<GraphReply, ApiError> {
    let credentials = caller.credentials(record.errand);
    let mut reply = record.upstream(state.graph.forward(credentials, call)).await?;
    links::lead_here(&mut reply, here);
    Ok(reply)
}

/// The body of a call that writes: a JSON object, to be passed on as it came.
pub(super) async fn object(
    request: Request,
    caller: &Caller,
    state: &AppState,
) -> Result<JsonBody, ApiError> {
    let body = JsonBody::of(request, caller, state).await?;
    body.object()?;
    Ok(body)
}

pub(super) fn bytes(body: &JsonBody) -> Bytes {
    Bytes::copy_from_slice(body.value().text().as_bytes())
}
