//! `interactive.type: location_request_message`: asks where somebody is.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

use super::named;

pub(super) fn judge(action: &Field<'_>) -> Judged {
    action.only(&["name"])?;
    named(action, "send_location")
}
