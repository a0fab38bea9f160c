//! `type: location`.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

pub(crate) fn judge(location: &Field<'_>) -> Judged {
    location.only(&["latitude", "longitude", "name", "address"])?;
    location.required("latitude")?.decimal(-90.0..=90.0)?;
    location.required("longitude")?.decimal(-180.0..=180.0)?;
    for key in ["name", "address"] {
        if let Some(text) = location.optional(key) {
            text.string()?;
        }
    }
    Ok(())
}
