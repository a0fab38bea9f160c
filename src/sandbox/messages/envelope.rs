//! What every message has around its content.

use crate::model::PhoneNumber;
use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::people::digits;
use crate::sandbox::reader::Field;
use crate::sandbox::sent::Recipient;

const KINDS: &[&str] = &[
    "text",
    "image",
    "video",
    "document",
    "audio",
    "sticker",
    "location",
    "reaction",
    "contacts",
    "interactive",
    "template",
    "pin",
];

/// The payload's `type`; text when it names none.
pub(crate) fn kind<'a>(message: &Field<'a>) -> Judged<&'a str> {
    let Some(kind) = message.optional("type") else { return Ok("text") };
    let word = kind.string()?;
    if KINDS.contains(&word) {
        return Ok(word);
    }
    let details = format!("Param type must be one of {}, not \"{word}\".", KINDS.join(", "));
    Err(GraphError::new(codes::INVALID_PARAMETER, details))
}

pub(crate) fn judge(message: &Field<'_>, kind: &str) -> Judged {
    message.only(&[
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "biz_opaque_callback_data",
        "recipient_identity_key_hash",
        kind,
    ])?;
    if let Some(context) = message.optional("context") {
        context.only(&["message_id"])?;
        context.required("message_id")?.wamid()?;
    }
    if let Some(data) = message.optional("biz_opaque_callback_data") {
        data.text(0..=512)?;
    }
    if let Some(hash) = message.optional("recipient_identity_key_hash") {
        hash.some_text()?;
    }
    Ok(())
}

/// Whom the message is for. With both `to` and `recipient`, `to` wins.
pub(crate) fn recipient(message: &Field<'_>, sender: &PhoneNumber) -> Judged<Recipient> {
    message.required("messaging_product")?.one_of(&["whatsapp"])?;
    let addressed = match message.optional("recipient_type") {
        Some(field) => field.one_of(&["individual", "group"])?,
        None => "individual",
    };
    if addressed == "group" {
        let group_id = message.required("to")?.text(1..=128)?;
        return Ok(Recipient::Group { group_id: group_id.to_owned() });
    }
    match message.optional("recipient") {
        Some(user) if !message.has("to") => user_id(&user),
        _ => person(&message.required("to")?, sender),
    }
}

fn person(to: &Field<'_>, sender: &PhoneNumber) -> Judged<Recipient> {
    let input = to.some_text()?;
    if !input.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ')) {
        return Err(to.refuse("must be a phone number"));
    }
    let wa_id = digits(input);
    if wa_id.is_empty() || wa_id.len() > 20 {
        return Err(to.refuse("must be a phone number of 1 to 20 digits"));
    }
    if wa_id == digits(&sender.number) {
        return Err(GraphError::new(codes::TO_ITSELF, "to is the number that sends."));
    }
    Ok(Recipient::Person { input: input.to_owned(), wa_id })
}

/// `US.13491208655302741918`: a country, a dot, and up to 128 letters and digits.
fn user_id(field: &Field<'_>) -> Judged<Recipient> {
    let text = field.some_text()?;
    let is_country = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase());
    let is_rest = |part: &str| {
        (1..=128).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match text.split_once('.') {
        Some((country, rest)) if is_country(country) && is_rest(rest) => {
            Ok(Recipient::User { user_id: text.to_owned() })
        }
        _ => Err(field.refuse("must be a business-scoped user id, such as US.1349120865530274")),
    }
}
