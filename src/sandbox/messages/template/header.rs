//! The header of a template: a text with at most one variable, a media, a location, a product.

use serde_json::Value;

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::messages::{location, media};
use crate::sandbox::reader::Field;
use crate::sandbox::templates::text_of;
use crate::sandbox::world::World;

use super::parameters::{self, judge_length, judge_names, variables};

const LIMIT: usize = 60;

pub(super) fn judge(
    defined: Option<&Value>,
    sent: Option<&Field<'_>>,
    named: bool,
    world: &World,
) -> Judged {
    let Some(defined) = defined else {
        return parameters::of(sent, "header", 0).map(|_| ());
    };
    let format = text_of(defined, "format").to_ascii_lowercase();
    if format == "text" {
        return judge_text(text_of(defined, "text"), sent, named);
    }
    if sent.is_none() {
        let expected = format.to_uppercase();
        let details = format!("header: Format mismatch, expected {expected}, received UNKNOWN");
        return Err(GraphError::new(codes::PARAMETER_FORMAT, details));
    }
    for parameter in parameters::of(sent, "header", 1)? {
        parameters::kind(&parameter, &[&format])?;
        let content = parameter.required(&format)?;
        match format.as_str() {
            "location" => location::judge(&content)?,
            "product" => judge_product(&content)?,
            _ => media::judge_in_header(&format, &content, world)?,
        }
    }
    Ok(())
}

fn judge_text(text: &str, sent: Option<&Field<'_>>, named: bool) -> Judged {
    let names = variables(text);
    let sent = parameters::of(sent, "header", names.len())?;
    judge_names(&sent, &names, named)?;
    let mut values = Vec::new();
    for parameter in &sent {
        parameters::kind(parameter, &["text"])?;
        values.push(parameters::text(parameter)?);
    }
    judge_length(text, &values, "header", LIMIT)
}

fn judge_product(product: &Field<'_>) -> Judged {
    product.only(&["product_retailer_id", "catalog_id"])?;
    product.required("product_retailer_id")?.some_text()?;
    product.required("catalog_id")?.some_text().map(|_| ())
}
