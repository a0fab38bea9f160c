//! The body of a template, and the values for its variables.

use serde_json::Value;

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;
use crate::sandbox::templates::text_of;

use super::parameters::{self, judge_length, judge_names, variables};

const LIMIT: usize = 1024;

pub(super) fn judge(defined: Option<&Value>, sent: Option<&Field<'_>>, named: bool) -> Judged {
    let text = defined.map(|body| text_of(body, "text")).unwrap_or_default();
    let names = variables(text);
    let sent = parameters::of(sent, "body", names.len())?;
    judge_names(&sent, &names, named)?;
    let mut values = Vec::new();
    for parameter in &sent {
        values.push(value(parameter)?);
    }
    judge_length(text, &values, "body", LIMIT)
}

/// What the parameter puts into the text.
fn value<'a>(parameter: &Field<'a>) -> Judged<&'a str> {
    match parameters::kind(parameter, &["text", "currency", "date_time"])? {
        "currency" => {
            let currency = parameter.required("currency")?;
            currency.only(&["fallback_value", "code", "amount_1000"])?;
            currency.required("code")?.text(3..=3)?;
            currency.required("amount_1000")?.whole_number(i64::MIN..=i64::MAX)?;
            currency.required("fallback_value")?.some_text()
        }
        "date_time" => parameter.required("date_time")?.required("fallback_value")?.some_text(),
        _ => parameters::text(parameter),
    }
}
