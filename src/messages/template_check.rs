//! Holds a send of a template against what is known of it, and sees to it that it becomes known.

use std::sync::Arc;

use tokio::time::Instant;

use crate::graph::{Errand, GraphFailure, SendReceipt};
use crate::state::{AppState, Caller};
use crate::wire::ApiError;

/// A send of a template, as far as it can be held against the definition.
#[derive(Clone, Copy, Debug)]
pub struct SentTemplate<'a> {
    pub name: &'a str,
    pub language: &'a str,
    /// A JSON array.
    pub components: Option<&'a str>,
}

/// Refuses what cannot be right. What was sent under a key before is answered as it was then,
/// whatever is known by now.
///
/// # Errors
/// When the send does not fit what is known of the template, or the store does not answer.
pub async fn check(
    caller: &Caller,
    sent: SentTemplate<'_>,
    key: Option<&str>,
    state: &AppState,
) -> Result<(), ApiError> {
    let Some(known) = state.templates.known(caller, sent.name) else { return Ok(()) };
    let faults = known.faults(sent.name, sent.language, sent.components);
    if faults.is_empty() {
        return Ok(());
    }
    state.templates.take_fault(caller, sent.name);
    match key {
        Some(key) if state.store.holds_send(&caller.account.id, key).await? => Ok(()),
        _ => Err(ApiError::TemplateMisfit(faults)),
    }
}

/// Graph's answer tells whether what is known is still right. What is not known is looked up
/// behind the answer; a gateway that stops does not wait for it.
pub(super) fn learn(
    caller: &Arc<Caller>,
    name: &str,
    sent: &Result<SendReceipt, GraphFailure>,
    state: &AppState,
) {
    match sent {
        Err(failure) if !failure.is_refusal() => return,
        Err(GraphFailure { error: Some(error), .. }) => {
            state.templates.take_refusal(caller, name, error);
        }
        _ => {}
    }
    if state.templates.wants_look_up(caller, name) {
        state.sends.spawn(look_up(Arc::clone(caller), name.to_owned(), state.clone()));
    }
}

async fn look_up(caller: Arc<Caller>, name: String, state: AppState) {
    let errand = Errand { until: Instant::now() + state.request_limit, trace: None, version: None };
    let found = state.templates.look_up(&state.graph, &caller, errand, &name);
    tokio::select! {
        () = state.stopping.cancelled() => {}
        found = found => if let Err(failure) = found {
            tracing::debug!(cause = failure.detail, "a template could not be looked up");
        },
    }
}
