//! `interactive.type: call_permission_request, voice_call`.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::named;

pub(super) fn judge_permission(action: &Field<'_>) -> Judged {
    action.only(&["name"])?;
    named(action, "call_permission_request")
}

pub(super) fn judge_voice_call(action: &Field<'_>) -> Judged {
    action.only(&["name", "parameters"])?;
    named(action, "voice_call")?;
    let Some(parameters) = action.optional("parameters") else { return Ok(()) };
    parameters.only(&["display_text", "ttl_minutes", "payload"])?;
    if let Some(text) = parameters.optional("display_text") {
        text.text(1..=20)?;
    }
    if let Some(minutes) = parameters.optional("ttl_minutes") {
        minutes.whole_number(1..=43_200)?;
    }
    match parameters.optional("payload") {
        Some(payload) => payload.text(0..=512).map(|_| ()),
        None => Ok(()),
    }
}
