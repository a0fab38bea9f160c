//! Holds a send of a template against what is known of it, and sees to it that it becomes known.

use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::time::Instant;

use super::dispatch::Order;
use super::outgoing::Composed;
use super::send::Sending;
use crate::graph::{Cause, Content, Errand, GraphFailure, Outcome, SendReceipt};
use crate::state::{AppState, Caller};
use crate::wire::ApiError;

/// Refuses what cannot be right. What was sent under a key before is answered as it was then,
/// whatever is known by now.
pub(super) async fn check(
    sending: &Sending,
    composed: &Composed,
    state: &AppState,
) -> Result<(), ApiError> {
    let Content::Template(template) = &composed.message.content else { return Ok(()) };
    let caller = sending.sender.caller();
    let Some(known) = state.templates.known(caller, &template.name) else { return Ok(()) };
    let components = template.components.as_deref().map(RawValue::get);
    let faults = known.faults(&template.name, &template.language.code, components);
    if faults.is_empty() {
        return Ok(());
    }
    state.templates.take_fault(caller, &template.name);
    match &sending.key {
        Some(key) if state.store.holds_send(&caller.account.id, key).await? => Ok(()),
        _ => Err(faults.into()),
    }
}

/// Graph's answer tells whether what is known is still right. What is not known is looked up
/// behind the answer; a gateway that stops does not wait for it.
pub(super) fn learn(order: &Order, sent: &Result<SendReceipt, GraphFailure>, state: &AppState) {
    let Content::Template(template) = &order.composed.message.content else { return };
    let caller = order.sending.sender.caller();
    match sent {
        Err(failure) if failure.outcome != Outcome::Rejected => return,
        Err(failure) if failure.cause == Cause::Credentials => return,
        Err(GraphFailure { error: Some(error), .. }) => {
            state.templates.take_refusal(caller, &template.name, error);
        }
        _ => {}
    }
    if state.templates.wants_look_up(caller, &template.name) {
        let look_up = look_up(Arc::clone(caller), template.name.clone(), state.clone());
        state.sends.spawn(look_up);
    }
}

async fn look_up(caller: Arc<Caller>, name: String, state: AppState) {
    let errand = Errand { until: Instant::now() + state.request_limit, trace: None };
    let found = state.templates.look_up(&state.graph, &caller, errand, &name);
    tokio::select! {
        () = state.stopping.cancelled() => {}
        found = found => if let Err(failure) = found {
            tracing::debug!(cause = failure.detail, "a template could not be looked up");
        },
    }
}
