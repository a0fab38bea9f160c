//! `type: template`: the template must be there, and be given what it has room for.

mod body;
mod buttons;
mod carousel;
mod components;
mod header;
mod offer;
mod parameters;

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::reader::Field;
use crate::sandbox::sent::Recipient;
use crate::sandbox::templates::Template;
use crate::sandbox::world::World;

use components::Components;

pub(crate) use parameters::variables;

pub(crate) fn judge(sent: &Field<'_>, recipient: &Recipient, world: &World) -> Judged {
    sent.only(&["name", "language", "components"])?;
    let name = sent.required("name")?.text(1..=512)?;
    let language = sent.required("language")?;
    language.only(&["code", "policy"])?;
    let code = language.required("code")?.some_text()?;
    if let Some(policy) = language.optional("policy") {
        policy.one_of(&["deterministic"])?;
    }
    let components = match sent.optional("components") {
        Some(components) => components.items(0..=usize::MAX)?,
        None => Vec::new(),
    };
    let template = find(world, name, code)?;
    let is_user = matches!(recipient, Recipient::User { .. });
    if template.is_authentication() && is_user {
        return Err(GraphError::new(codes::USER_ID, "Authentication needs a phone number."));
    }
    let named = template.is_named();
    Components::pair(template.components(), &components)?.judge(named, world)?;
    if template.is_authentication() {
        return judge_one_code(&components);
    }
    Ok(())
}

fn find(world: &World, name: &str, language: &str) -> Judged<Template> {
    let found = world.templates.find(name, language);
    match found.as_ref().map(Template::status) {
        Some("PAUSED") => {
            Err(GraphError::new(codes::TEMPLATE_PAUSED, format!("Template {name} is paused.")))
        }
        Some("DISABLED") => {
            Err(GraphError::new(codes::TEMPLATE_DISABLED, format!("Template {name} is disabled.")))
        }
        Some("APPROVED") => found.ok_or_else(|| no_template(name, language)),
        _ => Err(no_template(name, language)),
    }
}

fn no_template(name: &str, language: &str) -> GraphError {
    let details = format!("template name ({name}) does not exist in {language}");
    GraphError::new(codes::NO_TEMPLATE, details)
}

/// The code in the body, and the same once more in the button that copies it.
fn judge_one_code(components: &[Field<'_>]) -> Judged {
    let mut codes = Vec::new();
    for component in components {
        for parameter in component.required("parameters")?.items(1..=1)? {
            let text = parameter.required("text")?;
            text.text(1..=15)?;
            codes.push(text);
        }
    }
    crate::sandbox::reader::all_alike(codes)
}
