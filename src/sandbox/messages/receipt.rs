//! The answer to an accepted message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::sent::{Recipient, SentMessage};

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
}

pub(crate) fn of(message: &SentMessage) -> Value {
    let (contact, group_id) = match &message.recipient {
        Recipient::Person { input, wa_id } => (json!({ "input": input, "wa_id": wa_id }), None),
        Recipient::User { user_id } => (json!({ "input": user_id, "user_id": user_id }), None),
        Recipient::Group { group_id } => (json!({ "input": group_id }), Some(group_id.as_str())),
    };
    let message_status = (message.kind == "template").then_some("accepted");
    let entry = Entry { id: &message.id, message_status, group_id };
    json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [entry] })
}

/// An id like Meta's: base64 of a frame around the recipient and 18 hex digits.
pub(crate) fn new_wamid(recipient: &Recipient) -> String {
    let name = match recipient {
        Recipient::Person { wa_id, .. } => wa_id,
        Recipient::User { user_id } => user_id,
        Recipient::Group { group_id } => group_id,
    };
    let random: String = Uuid::new_v4().simple().to_string().to_uppercase();
    let mut frame = vec![0x1c, 0x18, u8::try_from(name.len()).unwrap_or(u8::MAX)];
    frame.extend(name.bytes());
    frame.extend([0x15, 0x02, 0x00, 0x11, 0x18, 0x12]);
    frame.extend(random.bytes().take(18));
    frame.push(0);
    format!("wamid.{}", STANDARD.encode(frame))
}
