//! Variables in a text, and the parameters that fill them.

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::reader::{Field, all_different};

/// The names in `Hello {{name}}, order {{2}}`, each once.
pub(crate) fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in text.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else { continue };
        if !names.contains(&name.trim()) {
            names.push(name.trim());
        }
    }
    names
}

/// The parameters of a component, of which there must be `expected`.
pub(super) fn of<'a>(
    component: Option<&Field<'a>>,
    place: &str,
    expected: usize,
) -> Judged<Vec<Field<'a>>> {
    let sent = match component {
        Some(component) => {
            component.only(&["type", "parameters"])?;
            component.optional("parameters")
        }
        None => None,
    };
    let parameters = match sent {
        Some(sent) => sent.items(0..=usize::MAX)?,
        None => Vec::new(),
    };
    if parameters.len() == expected {
        return Ok(parameters);
    }
    let found = parameters.len();
    let details = format!(
        "{place}: number of localizable_params ({found}) does not match the expected number of \
         params ({expected})"
    );
    Err(GraphError::new(codes::PARAMETER_COUNT, details))
}

/// The parameter's type, which must be one of these: 132012 otherwise.
pub(super) fn kind<'a>(parameter: &Field<'a>, expected: &[&str]) -> Judged<&'a str> {
    let kind = parameter.required("type")?.string()?;
    if expected.iter().any(|word| word.eq_ignore_ascii_case(kind)) {
        return Ok(kind);
    }
    let details = format!(
        "{}: Format mismatch, expected {}, received {}",
        parameter.path(),
        expected.join(" or ").to_uppercase(),
        kind.to_uppercase()
    );
    Err(GraphError::new(codes::PARAMETER_FORMAT, details))
}

/// The text of a `text` parameter: on one line, as a variable cannot break it.
pub(super) fn text<'a>(parameter: &Field<'a>) -> Judged<&'a str> {
    let text = parameter.required("text")?;
    let value = text.some_text()?;
    if value.contains(['\n', '\r', '\t']) || value.contains("     ") {
        let details = format!(
            "{} cannot have new-line or tab characters, or more than 4 consecutive spaces",
            text.path()
        );
        return Err(GraphError::new(codes::PARAMETER_VALUE, details));
    }
    Ok(value)
}

/// Named parameters come in any order, but each with a name that the text has.
pub(super) fn judge_names(parameters: &[Field<'_>], variables: &[&str], named: bool) -> Judged {
    if !named {
        return parameters
            .iter()
            .try_for_each(|one| one.forbidden("parameter_name", "is for named parameters only"));
    }
    let mut names = Vec::new();
    for parameter in parameters {
        let name = parameter.required("parameter_name")?;
        if !variables.contains(&name.string()?) {
            let details = format!("{} is none of: {}", name.path(), variables.join(", "));
            return Err(GraphError::new(codes::PARAMETER_FORMAT, details));
        }
        names.push(name);
    }
    all_different(names)
}

/// 132005 when the text is too long with its variables filled in.
pub(super) fn judge_length(template: &str, values: &[&str], place: &str, limit: usize) -> Judged {
    let mut fixed = 0_usize;
    for (number, piece) in template.split("{{").enumerate() {
        let kept = match piece.split_once("}}") {
            Some((_, rest)) if number > 0 => rest,
            _ => piece,
        };
        fixed = fixed.saturating_add(kept.chars().count());
    }
    let filled: usize = values.iter().map(|value| value.chars().count()).sum();
    if fixed.saturating_add(filled) <= limit {
        return Ok(());
    }
    let details = format!("{place}: the text is longer than {limit} characters once filled in");
    Err(GraphError::new(codes::TEXT_TOO_LONG, details))
}
