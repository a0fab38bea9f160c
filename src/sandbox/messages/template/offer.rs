//! The end of a limited-time offer.

use serde_json::Value;

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::parameters;

pub(super) fn judge(defined: Option<&Value>, sent: Option<&Field<'_>>) -> Judged {
    let expires = defined
        .and_then(|offer| offer.get("limited_time_offer")?.get("has_expiration")?.as_bool())
        .unwrap_or_default();
    for parameter in parameters::of(sent, "limited_time_offer", usize::from(expires))? {
        parameters::kind(&parameter, &["limited_time_offer"])?;
        let offer = parameter.required("limited_time_offer")?;
        offer.only(&["expiration_time_ms"])?;
        offer.required("expiration_time_ms")?.whole_number(0..=i64::MAX)?;
    }
    Ok(())
}
