//! `POST /{version}/{phone-number-id}/messages`: judged first, then failed if so asked, then kept.

mod contacts;
mod envelope;
mod interactive;
mod location;
mod media;
mod reaction;
mod read;
mod receipt;
mod template;
mod text;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde_json::Value;

use crate::model::PhoneNumber;

use super::answer::{ok, read_json, success};
use super::codes;
use super::errors::{GraphError, Judged};
use super::faults::Fault;
use super::reader::{Field, given};
use super::sent::{Recipient, SentMessage};
use super::statuses;
use super::world::World;

pub(crate) use receipt::new_wamid;
pub(crate) use template::variables;

/// A payload that nothing is wrong with.
struct Judgement {
    recipient: Recipient,
    kind: String,
}

pub(crate) async fn send(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    request: Request,
) -> Judged<Response> {
    let sender = world.phone_number("post", &node)?;
    let payload = read_json(request).await?;
    if given(&payload, "status").is_some() {
        read::judge(&Field::whole(&payload))?;
        return Ok(success());
    }
    let Judgement { recipient, kind } = judge(&payload, sender, &world)?;
    if let Some(fault) = Fault::of(&recipient)
        && let Some(instead) = fault.befall(&world).await?
    {
        return Ok(instead);
    }
    let message = SentMessage {
        id: new_wamid(&recipient),
        phone_number_id: sender.id.clone(),
        recipient,
        kind,
        accepted_at: world.clock.now(),
        payload,
    };
    let receipt = receipt::of(&message);
    world.sent.record(message.clone());
    statuses::follow(message, &world);
    Ok(ok(&receipt))
}

fn judge(payload: &Value, sender: &PhoneNumber, world: &World) -> Judged<Judgement> {
    let message = Field::whole(payload);
    let recipient = envelope::recipient(&message, sender)?;
    let kind = envelope::kind(&message)?;
    envelope::judge(&message, kind)?;
    let content = message.required(kind)?;
    match kind {
        "text" => text::judge(&content)?,
        "image" | "video" | "document" | "audio" | "sticker" => {
            media::judge(kind, &content, world)?;
        }
        "location" => location::judge(&content)?,
        "reaction" => reaction::judge(&message, &content)?,
        "contacts" => contacts::judge(&content)?,
        "interactive" => interactive::judge(&content, world)?,
        "template" => template::judge(&content, &recipient, world)?,
        other => {
            let details = format!("The sandbox does not imitate messages of type {other}.");
            return Err(GraphError::new(codes::UNSUPPORTED_TYPE, details));
        }
    }
    Ok(Judgement { recipient, kind: kind.to_owned() })
}
