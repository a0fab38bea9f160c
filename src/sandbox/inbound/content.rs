//! What a customer writes. The kinds in common use are judged; others go out as they are, so that
//! a receiver can be tried with what Meta will invent tomorrow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::sandbox::errors::Judged;
use crate::sandbox::media::describe;
use crate::sandbox::reader::{Field, given};
use crate::sandbox::world::World;

const OPTIONS: [&str; 4] = ["from", "name", "phoneNumberId", "hideNumber"];

/// The message in any of its three forms: whole, as a type and its content, or a text alone.
pub(super) fn read(asked: &Field<'_>, body: &Value) -> Judged<Map<String, Value>> {
    if let Some(message) = asked.optional("message") {
        message.object()?;
        only(asked, &["message"])?;
        message.required("type")?.some_text()?;
        if let Some(id) = message.optional("id") {
            id.wamid()?;
        }
        return Ok(body.get("message").and_then(Value::as_object).cloned().unwrap_or_default());
    }
    let kind = match asked.optional("type") {
        Some(kind) => kind.some_text()?,
        None => "text",
    };
    only(asked, &["type", "context", kind])?;
    asked.required(kind)?;
    let content = match body.get(kind) {
        Some(Value::String(text)) if kind == "text" => json!({ "body": text }),
        Some(content) => content.clone(),
        None => Value::Null,
    };
    let mut message = Map::new();
    message.insert("type".to_owned(), json!(kind));
    message.insert(kind.to_owned(), content);
    if let Some(context) = given(body, "context") {
        message.insert("context".to_owned(), context.clone());
    }
    Ok(message)
}

fn only(asked: &Field<'_>, own: &[&str]) -> Judged {
    asked.only(&[&OPTIONS[..], own].concat())
}

/// Judges the content, and adds what the sandbox knows of a media.
pub(super) fn complete(message: &mut Map<String, Value>, world: &World) -> Judged {
    let whole = Value::Object(message.clone());
    let field = Field::whole(&whole);
    let kind = field.required("type")?.some_text()?;
    match kind {
        "text" => drop(field.required(kind)?.required("body")?.text(1..=4096)?),
        "image" | "video" | "audio" | "document" | "sticker" => {
            let known = medium(&field.required(kind)?, kind, world)?;
            if let Some(content) = message.get_mut(kind).and_then(Value::as_object_mut) {
                for (name, value) in known {
                    content.entry(name).or_insert(value);
                }
            }
        }
        "location" => {
            let place = field.required(kind)?;
            place.required("latitude")?.decimal(-90.0..=90.0)?;
            place.required("longitude")?.decimal(-180.0..=180.0)?;
        }
        "reaction" => drop(field.required(kind)?.required("message_id")?.wamid()?),
        "button" => drop(field.required(kind)?.required("text")?.some_text()?),
        "interactive" => interactive(&field.required(kind)?)?,
        _ => {}
    }
    Ok(())
}

fn interactive(reply: &Field<'_>) -> Judged {
    let kinds = ["button_reply", "list_reply", "nfm_reply", "call_permission_reply"];
    let kind = reply.required("type")?.one_of(&kinds)?;
    let content = reply.required(kind)?;
    content.object()?;
    match kind {
        "button_reply" | "list_reply" => {
            content.required("id")?.some_text()?;
            content.required("title")?.some_text()?;
        }
        "nfm_reply" => drop(content.required("response_json")?.some_text()?),
        _ => {}
    }
    Ok(())
}

/// What Meta says beside the id of a media that a customer sent.
fn medium(content: &Field<'_>, kind: &str, world: &World) -> Judged<Map<String, Value>> {
    let id = content.required("id")?;
    let Some(medium) = world.media.find(id.some_text()?) else {
        return Err(id.refuse("is no media of the sandbox; upload it first"));
    };
    let mut known = Map::new();
    let described = describe(&medium, world);
    for name in ["mime_type", "url"] {
        known.insert(name.to_owned(), described.get(name).cloned().unwrap_or_default());
    }
    // Base64 in webhooks, where the media itself is described in hex.
    let hash = hex::decode(&medium.sha256).unwrap_or_default();
    known.insert("sha256".to_owned(), json!(STANDARD.encode(hash)));
    match kind {
        "audio" => drop(known.insert("voice".to_owned(), json!(false))),
        "sticker" => drop(known.insert("animated".to_owned(), json!(false))),
        _ => {}
    }
    Ok(known)
}
