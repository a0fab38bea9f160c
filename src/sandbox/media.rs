//! Uploaded media: what may be uploaded, where it is kept, and how it is fetched again.

mod kind;
mod link;
mod shelf;
mod upload;

pub(crate) use kind::Kind;
pub(crate) use link::{DOWNLOAD_PATH, download};
pub(crate) use shelf::{Medium, Shelf};
pub(crate) use upload::upload;

use serde_json::{Value, json};

use super::errors::{GraphError, Judged};
use super::query::Query;
use super::world::World;

/// The node, with a link that is good for five minutes from now.
pub(crate) fn describe(medium: &Medium, world: &World) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "url": link::to(medium, world).as_str(),
        "mime_type": medium.mime_type,
        "sha256": medium.sha256,
        "file_size": medium.file_size.to_string(),
        "id": medium.id,
    })
}

/// With `phone_number_id`, the media of other numbers do not exist.
pub(crate) fn of_number(medium: &Medium, query: &Query, method: &str) -> Judged {
    match query.get("phone_number_id") {
        Some(id) if id != medium.phone_number_id => {
            Err(GraphError::unknown_object(method, &medium.id))
        }
        _ => Ok(()),
    }
}
