//! What a template may be made of.

use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::messages::variables;
use crate::sandbox::reader::{Field, all_different};

const CATEGORIES: &[&str] = &["AUTHENTICATION", "MARKETING", "UTILITY"];
const COMPONENTS: &[&str] =
    &["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"];
const FORMATS: &[&str] = &["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "PRODUCT"];

/// The name and the language of a new template.
pub(super) fn name<'a>(template: &Field<'a>) -> Judged<(&'a str, &'a str)> {
    let name = template.required("name")?;
    let text = name.text(1..=512)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !text.chars().all(allowed) {
        return Err(name.refuse("can only have lowercase letters, numbers and underscores"));
    }
    Ok((text, template.required("language")?.some_text()?))
}

pub(super) fn category<'a>(category: &Field<'a>) -> Judged<&'a str> {
    category.one_of(CATEGORIES)
}

/// The components of a template, whether it is new or edited.
pub(super) fn components(components: &Field<'_>, category: &str) -> Judged {
    let mut types = Vec::new();
    let mut has_body = false;
    for component in components.items(1..=COMPONENTS.len())? {
        let kind = component.required("type")?;
        match word(&kind, COMPONENTS)?.as_str() {
            "HEADER" => header(&component)?,
            "FOOTER" if category != "AUTHENTICATION" => {
                component.required("text")?.text(1..=60)?;
            }
            "BUTTONS" => buttons(&component)?,
            "BODY" => {
                has_body = true;
                if category != "AUTHENTICATION" {
                    component.required("text")?.text(1..=1024)?;
                }
            }
            _ => {}
        }
        types.push(kind);
    }
    all_different(types)?;
    if has_body {
        return Ok(());
    }
    Err(GraphError::missing("components (with one of type BODY)"))
}

fn header(header: &Field<'_>) -> Judged {
    if word(&header.required("format")?, FORMATS)? != "TEXT" {
        return Ok(());
    }
    let text = header.required("text")?;
    if variables(text.text(1..=60)?).len() > 1 {
        return Err(text.refuse("can have one variable at most"));
    }
    Ok(())
}

fn buttons(component: &Field<'_>) -> Judged {
    for button in component.required("buttons")?.items(1..=10)? {
        button.required("type")?.some_text()?;
        if let Some(text) = button.optional("text") {
            text.text(1..=25)?;
        }
    }
    Ok(())
}

/// Meta takes these words in any letter case, and writes them large.
fn word(field: &Field<'_>, words: &[&str]) -> Judged<String> {
    let word = field.string()?.to_ascii_uppercase();
    if words.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(field.refuse(format_args!("must be one of {}", words.join(", "))))
}
