//! `interactive.type: flow`: a button that opens a form.

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::reader::Field;
use crate::sandbox::world::World;

use super::named;

pub(super) fn judge(action: &Field<'_>, world: &World) -> Judged {
    action.only(&["name", "parameters"])?;
    named(action, "flow")?;
    let parameters = action.required("parameters")?;
    parameters.only(&[
        "flow_message_version",
        "flow_cta",
        "flow_id",
        "flow_name",
        "mode",
        "flow_token",
        "flow_action",
        "flow_action_payload",
    ])?;
    parameters.required("flow_message_version")?.one_of(&["3"])?;
    parameters.required("flow_cta")?.text(1..=30)?;
    let mode = match parameters.optional("mode") {
        Some(mode) => mode.one_of(&["draft", "published"])?,
        None => "published",
    };
    if let Some(token) = parameters.optional("flow_token") {
        token.some_text()?;
    }
    judge_opening(&parameters)?;
    judge_flow(&parameters, mode, world)
}

fn judge_opening(parameters: &Field<'_>) -> Judged {
    let opening = match parameters.optional("flow_action") {
        Some(opening) => opening.one_of(&["navigate", "data_exchange"])?,
        None => "navigate",
    };
    let Some(payload) = parameters.optional("flow_action_payload") else { return Ok(()) };
    if opening != "navigate" {
        return Err(payload.refuse("is allowed with flow_action navigate only"));
    }
    payload.only(&["screen", "data"])?;
    if let Some(screen) = payload.optional("screen") {
        screen.some_text()?;
    }
    let Some(content) = payload.optional("data") else { return Ok(()) };
    content.object()?;
    if content.is_empty_object() {
        return Err(content.refuse("must not be empty"));
    }
    Ok(())
}

/// Exactly one of `flow_id` and `flow_name`, of a flow that can be sent now.
fn judge_flow(parameters: &Field<'_>, mode: &str, world: &World) -> Judged {
    let (field, flow) = match (parameters.optional("flow_id"), parameters.optional("flow_name")) {
        (Some(_), Some(_)) => {
            return Err(parameters.refuse("must have either flow_id or flow_name, not both"));
        }
        (None, None) => {
            let path = parameters.path();
            return Err(GraphError::missing(&format!("{path}.flow_id (or {path}.flow_name)")));
        }
        (Some(id), None) => {
            let flow = world.flows.by_id(id.some_text()?);
            (id, flow)
        }
        (None, Some(name)) => {
            let flow = world.flows.by_name(name.some_text()?);
            (name, flow)
        }
    };
    let flow = flow.ok_or_else(|| field.refuse("names no flow of this business account"))?;
    match flow.status() {
        "PUBLISHED" => Ok(()),
        "DRAFT" if mode == "draft" => Ok(()),
        "DRAFT" => Err(field.refuse("names a draft, which needs mode draft")),
        "BLOCKED" => Err(GraphError::new(codes::FLOW_BLOCKED, "The flow is blocked.")),
        "THROTTLED" => {
            Err(GraphError::new(codes::FLOW_THROTTLED, "The flow is throttled: 10 an hour."))
        }
        other => Err(field.refuse(format_args!("names a flow that is {other}"))),
    }
}
