//! `POST /sandbox/inbound`, which Meta has not: makes a customer write.

mod content;
mod customer;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::model::PhoneNumber;

use super::answer::{ok, read_json};
use super::errors::{GraphError, Judged};
use super::reader::Field;
use super::webhooks::{Told, body};
use super::world::World;
use customer::Customer;

pub(crate) async fn write(State(world): State<Arc<World>>, request: Request) -> Judged<Response> {
    let asked = read_json(request).await?;
    let field = Field::whole(&asked);
    field.object()?;
    let number = receiver(&field, &world)?;
    let mut message = content::read(&field, &asked)?;
    let customer = Customer::read(&field, &Value::Object(message.clone()), number)?;
    content::complete(&mut message, &world)?;
    let Some(callback) = world.webhooks.callback() else {
        return Err(GraphError::invalid_request("The sandbox has nobody to tell of a message."));
    };
    let id = sign(&mut message, &customer, &world);
    // Meta puts no contact beside a message about the number itself.
    let is_system = message.get("type").is_some_and(|kind| kind == "system");
    let contacts = if is_system { Vec::new() } else { vec![customer.contact()] };
    let told = Told { contacts, messages: vec![Value::Object(message)], ..Told::default() };
    let post = body(told, number, &world);
    let known = Arc::clone(&world);
    world.webhooks.spawn(async move { known.webhooks.tell(&callback, &post).await });
    Ok(ok(&json!({ "messages": [{ "id": id }] })))
}

/// The business number that is written to: the first one if none is named.
fn receiver<'w>(asked: &Field<'_>, world: &'w World) -> Judged<&'w PhoneNumber> {
    match (asked.optional("phoneNumberId"), world.phone_numbers.first()) {
        (Some(id), _) => world.phone_number("post", id.string()?),
        (None, Some(first)) => Ok(first),
        (None, None) => Err(GraphError::missing("phoneNumberId")),
    }
}

/// Writes down who wrote and when, and answers the id. What the message says of it stays.
fn sign(message: &mut Map<String, Value>, customer: &Customer, world: &World) -> String {
    match &customer.phone {
        Some(phone) => drop(message.insert("from".to_owned(), json!(phone))),
        None => drop(message.remove("from")),
    }
    message.insert("from_user_id".to_owned(), json!(customer.user_id));
    let now = (world.clock.now().as_millis() / 1000).to_string();
    message.entry("timestamp").or_insert_with(|| json!(now));
    let id = message.entry("id").or_insert_with(|| json!(customer.new_wamid()));
    id.as_str().unwrap_or_default().to_owned()
}
