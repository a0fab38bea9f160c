//! The envelope around everything that concerns a number.

use serde_json::{Map, Value, json};

use crate::model::PhoneNumber;
use crate::sandbox::people::digits;
use crate::sandbox::world::World;

/// What a post tells of a number. What there is nothing of is left out.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) contacts: Vec<Value>,
    pub(crate) messages: Vec<Value>,
    pub(crate) statuses: Vec<Value>,
}

pub(crate) fn body(told: Told, number: &PhoneNumber, world: &World) -> Value {
    let mut value = Map::new();
    value.insert("messaging_product".to_owned(), json!("whatsapp"));
    value.insert(
        "metadata".to_owned(),
        json!({
            "display_phone_number": digits(&number.number),
            "phone_number_id": number.id,
        }),
    );
    let Told { contacts, messages, statuses } = told;
    for (name, list) in [("contacts", contacts), ("messages", messages), ("statuses", statuses)] {
        if !list.is_empty() {
            value.insert(name.to_owned(), Value::Array(list));
        }
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": world.waba_id,
            "changes": [{ "field": "messages", "value": value }],
        }],
    })
}
