//! `type: text`.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

pub(crate) fn judge(text: &Field<'_>) -> Judged {
    text.only(&["body", "preview_url"])?;
    text.required("body")?.text(1..=4096)?;
    if let Some(preview) = text.optional("preview_url") {
        preview.boolean()?;
    }
    Ok(())
}
