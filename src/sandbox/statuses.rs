//! What becomes of an accepted message: the statuses that are told of it, one after the other.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::codes::Code;
use super::faults;
use super::people;
use super::reader::given;
use super::sent::{Recipient, SentMessage};
use super::templates::{Template, text_of};
use super::webhooks::{Told, body};
use super::world::World;

/// Groups have no members here, so one stands for all of them.
const PARTICIPANT: &str = "15557650001";
const HELP: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

#[derive(Clone, Copy, Debug)]
enum Step {
    Sent,
    Delivered,
    Read,
    Failed(Code),
}

#[derive(Serialize)]
struct Status<'a> {
    id: &'a str,
    status: &'static str,
    timestamp: String,
    #[serde(flatten)]
    recipient: StatusRecipient<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[Value; 1]>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StatusRecipient<'a> {
    Person {
        recipient_id: &'a str,
        recipient_user_id: String,
    },
    User {
        recipient_user_id: &'a str,
    },
    Group {
        recipient_id: &'a str,
        recipient_type: &'static str,
        recipient_participant_id: &'static str,
    },
}

/// Tells of the message in the background, if there is anybody to tell.
pub(crate) fn follow(message: SentMessage, world: &Arc<World>) {
    let Some(callback) = world.webhooks.callback() else { return };
    let known = Arc::clone(world);
    world.webhooks.spawn(async move {
        for step in steps(&message) {
            sleep(known.status_pause).await;
            if let Some(body) = told(step, &message, &known) {
                known.webhooks.tell(&callback, &body).await;
            }
        }
    });
}

fn steps(message: &SentMessage) -> Vec<Step> {
    if let Some(code) = faults::found_later(&message.recipient) {
        return vec![Step::Failed(code)];
    }
    match message.kind.as_str() {
        "reaction" => vec![Step::Sent],
        _ => vec![Step::Sent, Step::Delivered, Step::Read],
    }
}

/// `None` only for a number that the sandbox has not, which sends nothing.
fn told(step: Step, message: &SentMessage, world: &World) -> Option<Value> {
    let number = world.phone_numbers.iter().find(|known| known.id == message.phone_number_id)?;
    let status = Status {
        id: &message.id,
        status: step.name(),
        timestamp: (world.clock.now().as_millis() / 1000).to_string(),
        recipient: recipient(message),
        biz_opaque_callback_data: given(&message.payload, "biz_opaque_callback_data"),
        pricing: matches!(step, Step::Sent).then(|| pricing(message, world)),
        errors: step.error().map(|error| [error]),
    };
    let contacts = match &message.recipient {
        Recipient::Person { wa_id, .. } => {
            vec![json!({ "wa_id": wa_id, "user_id": people::user_id(wa_id) })]
        }
        Recipient::User { user_id } => vec![json!({ "user_id": user_id })],
        Recipient::Group { .. } => Vec::new(),
    };
    let told = Told { contacts, statuses: vec![json!(status)], ..Told::default() };
    Some(body(told, number, world))
}

fn recipient(message: &SentMessage) -> StatusRecipient<'_> {
    match &message.recipient {
        Recipient::Person { wa_id, .. } => StatusRecipient::Person {
            recipient_id: wa_id,
            recipient_user_id: people::user_id(wa_id),
        },
        Recipient::User { user_id } => StatusRecipient::User { recipient_user_id: user_id },
        Recipient::Group { group_id } => StatusRecipient::Group {
            recipient_id: group_id,
            recipient_type: "group",
            recipient_participant_id: PARTICIPANT,
        },
    }
}

/// A template costs what its category costs; anything else answers a customer and is free.
fn pricing(message: &SentMessage, world: &World) -> Value {
    let template = message.payload.get("template").and_then(|template| {
        let language = template.get("language")?;
        world.templates.find(text_of(template, "name"), text_of(language, "code"))
    });
    let category = template.as_ref().map_or("service".to_owned(), Template::category);
    json!({
        "billable": template.is_some(),
        "pricing_model": "PMP",
        "type": if template.is_some() { "regular" } else { "free_customer_service" },
        "category": category,
    })
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }

    fn error(self) -> Option<Value> {
        let Self::Failed(code) = self else { return None };
        Some(json!({
            "code": code.number,
            "title": code.title,
            "message": code.title,
            "error_data": { "details": faults::details_later(code) },
            "href": HELP,
        }))
    }
}
