//! `interactive.type: cta_url`: one button that opens a web page.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::named;

pub(super) fn judge(action: &Field<'_>) -> Judged {
    action.only(&["name", "parameters"])?;
    named(action, "cta_url")?;
    let parameters = action.required("parameters")?;
    parameters.only(&["display_text", "url"])?;
    parameters.required("display_text")?.text(1..=20)?;
    parameters.required("url")?.web_address().map(|_| ())
}
