//! The buttons of a template: which of them take a parameter, and which must have one.

use serde_json::Value;

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::messages::interactive::judge_product_sections;
use crate::sandbox::reader::Field;
use crate::sandbox::templates::{list_of, text_of};

use super::parameters::{self, variables};

/// What a button of the template is called when it is sent, and whether it must be.
struct Role {
    sub_type: &'static str,
    required: bool,
}

fn role(button: &Value) -> Role {
    let (sub_type, required) = match text_of(button, "type") {
        "URL" => ("url", !variables(text_of(button, "url")).is_empty()),
        "OTP" => ("url", true),
        "QUICK_REPLY" => ("quick_reply", false),
        "COPY_CODE" => ("copy_code", true),
        "FLOW" => ("flow", false),
        "CATALOG" => ("catalog", false),
        "MPM" => ("mpm", true),
        "VOICE_CALL" => ("voice_call", false),
        _ => ("", false),
    };
    Role { sub_type, required }
}

pub(super) fn judge(defined: Option<&Value>, sent: &[&Field<'_>]) -> Judged {
    let buttons = defined.map(|component| list_of(component, "buttons")).unwrap_or_default();
    let mut filled = Vec::new();
    for component in sent {
        component.only(&["type", "sub_type", "index", "parameters"])?;
        let place = component.required("index")?;
        let index = place.index()?;
        let button = buttons.get(index);
        let button = button.ok_or_else(|| place.refuse("is the index of no button"))?;
        if filled.contains(&index) {
            return Err(place.refuse("comes twice"));
        }
        judge_one(button, component)?;
        filled.push(index);
    }
    for (index, button) in buttons.iter().enumerate() {
        if role(button).required && !filled.contains(&index) {
            let kind = text_of(button, "type");
            let details = format!("Button at index {index} of type {kind} requires a parameter");
            return Err(GraphError::new(codes::MISSING, details));
        }
    }
    Ok(())
}

fn judge_one(button: &Value, component: &Field<'_>) -> Judged {
    let Role { sub_type, .. } = role(button);
    let sent = component.required("sub_type")?.string()?;
    if !sent.eq_ignore_ascii_case(sub_type) {
        let (path, kind) = (component.path(), text_of(button, "type"));
        let details = format!("{path}: the button is of type {kind}, not {sent}");
        return Err(GraphError::new(codes::PARAMETER_FORMAT, details));
    }
    if sub_type == "url" && !role(button).required {
        let details = format!("{}: the button takes no parameter", component.path());
        return Err(GraphError::new(codes::PARAMETER_COUNT, details));
    }
    // Meta's pages do not agree on how a voice call's parameters look.
    if sub_type == "voice_call" {
        return Ok(());
    }
    for parameter in component.required("parameters")?.items(1..=1)? {
        judge_parameter(sub_type, &parameter)?;
    }
    Ok(())
}

fn judge_parameter(sub_type: &str, parameter: &Field<'_>) -> Judged {
    match sub_type {
        "url" => {
            parameters::kind(parameter, &["text"])?;
            parameters::text(parameter)?;
        }
        "quick_reply" => {
            parameters::kind(parameter, &["payload"])?;
            parameter.required("payload")?.string()?;
        }
        "copy_code" => {
            parameters::kind(parameter, &["coupon_code"])?;
            parameter.required("coupon_code")?.text(1..=20)?;
        }
        _ => {
            parameters::kind(parameter, &["action"])?;
            judge_action(sub_type, &parameter.required("action")?)?;
        }
    }
    Ok(())
}

fn judge_action(sub_type: &str, action: &Field<'_>) -> Judged {
    match sub_type {
        "flow" => {
            action.only(&["flow_token", "flow_action_data"])?;
            action.optional("flow_action_data").map_or(Ok(()), |content| content.object())
        }
        "mpm" => {
            action.only(&["thumbnail_product_retailer_id", "sections"])?;
            action.required("thumbnail_product_retailer_id")?.some_text()?;
            judge_product_sections(&action.required("sections")?)
        }
        _ => {
            action.only(&["thumbnail_product_retailer_id"])?;
            action.required("thumbnail_product_retailer_id")?.some_text().map(|_| ())
        }
    }
}
