//! `interactive.type: address_message`: asks for an address in India.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::named;

pub(super) fn judge(action: &Field<'_>) -> Judged {
    action.only(&["name", "parameters"])?;
    named(action, "address_message")?;
    let parameters = action.required("parameters")?;
    parameters.only(&["country", "values", "saved_addresses", "validation_errors"])?;
    parameters.required("country")?.one_of(&["IN"])?;
    if let Some(values) = parameters.optional("values") {
        judge_values(&values)?;
    }
    if let Some(errors) = parameters.optional("validation_errors") {
        errors.object()?;
    }
    let Some(saved) = parameters.optional("saved_addresses") else { return Ok(()) };
    for address in saved.items(1..=usize::MAX)? {
        address.only(&["id", "value"])?;
        address.required("id")?.some_text()?;
        judge_values(&address.required("value")?)?;
    }
    Ok(())
}

fn judge_values(values: &Field<'_>) -> Judged {
    values.object()?;
    match values.optional("in_pin_code") {
        Some(code) => code.text(0..=6).map(|_| ()),
        None => Ok(()),
    }
}
