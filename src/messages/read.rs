//! `read` and `typing`: tells a customer that their message was seen, or is being answered.
//!
//! Neither is a message, so nothing is recorded. Either may be repeated without harm, so a request
//! that is repeated under an `Idempotency-Key` comes to what the key promises without being kept:
//! the key only has to be well formed.

use axum::extract::State;
use axum::response::Response;

use super::outgoing::ProvenElsewhere;
use super::send::Sending;
use crate::fields::{AnyText, Fields, FromFields, read_body};
use crate::graph::Mark;
use crate::state::AppState;
use crate::wire::ApiError;

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "messageWamid": "wamid.HBgLMTU1NTEyMzQ1NjcVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA="
}"#;

/// The message of the customer's.
pub(super) struct Marked(AnyText);

impl FromFields for Marked {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.required::<ProvenElsewhere>("phoneNumberId");
        let wamid = fields.required("messageWamid");
        number?;
        wamid.map(Self)
    }
}

pub(super) async fn mark(
    mark: Mark,
    sending: Sending,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let Marked(wamid) = read_body(&sending.body.members())?;
    let Sending { sender, record, .. } = &sending;
    let credentials = sender.caller().credentials(record.errand);
    let call = state.graph.mark(credentials, sender.number(), wamid.as_str(), mark);
    Ok(record.style.pass(&record.upstream(call).await?))
}
