//! Marking a message as read, and the typing indicator, which marks it too.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

pub(crate) fn judge(mark: &Field<'_>) -> Judged {
    mark.only(&["messaging_product", "status", "message_id", "typing_indicator"])?;
    mark.required("messaging_product")?.one_of(&["whatsapp"])?;
    mark.required("status")?.one_of(&["read"])?;
    mark.required("message_id")?.wamid()?;
    if let Some(typing) = mark.optional("typing_indicator") {
        typing.only(&["type"])?;
        typing.required("type")?.one_of(&["text"])?;
    }
    Ok(())
}
