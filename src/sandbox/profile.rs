//! `GET` and `POST /{version}/{phone-number-id}/whatsapp_business_profile`: what a number tells of
//! its business.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::model::GraphId;

use super::answer::{ok, read_json, success};
use super::errors::{GraphError, Judged};
use super::projection::Shape;
use super::query::Query;
use super::reader::{Field, given};
use super::world::World;

pub(crate) const PATH: &str = "/{version}/{node}/whatsapp_business_profile";

const SHAPE: Shape = Shape {
    node_type: "WhatsAppBusinessProfile",
    usual: &[
        "about",
        "address",
        "description",
        "email",
        "messaging_product",
        "profile_picture_url",
        "vertical",
        "websites",
    ],
    on_demand: &[],
};
/// What can be changed; a picture comes by a handle of an upload that is not imitated.
const CHANGEABLE: [&str; 6] = ["about", "address", "description", "email", "vertical", "websites"];
const VERTICALS: &[&str] = &[
    "",
    "UNDEFINED",
    "OTHER",
    "AUTO",
    "BEAUTY",
    "APPAREL",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GROCERY",
    "GOVT",
    "HOTEL",
    "HEALTH",
    "NONPROFIT",
    "PROF_SERVICES",
    "RETAIL",
    "TRAVEL",
    "RESTAURANT",
    "NOT_A_BIZ",
];

/// By number. Kept in memory: what was changed is so until the sandbox ends.
#[derive(Debug, Default)]
pub(crate) struct Profiles(Mutex<HashMap<GraphId, Map<String, Value>>>);

impl Profiles {
    fn all(&self) -> MutexGuard<'_, HashMap<GraphId, Map<String, Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) async fn show(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    query: Query,
) -> Judged<Response> {
    let number = world.phone_number("get", &node)?;
    let mut profile = Map::new();
    profile.insert("about".to_owned(), "A business of the sandbox".into());
    profile.insert("vertical".to_owned(), "OTHER".into());
    profile.extend(world.profiles.all().get(&number.id).cloned().unwrap_or_default());
    let shown = SHAPE.project(&Value::Object(profile), query.get("fields"))?;
    let mut shown = shown.as_object().cloned().unwrap_or_default();
    shown.insert("messaging_product".to_owned(), "whatsapp".into());
    Ok(ok(&json!({ "data": [shown] })))
}

pub(crate) async fn change(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    request: Request,
) -> Judged<Response> {
    let number = world.phone_number("post", &node)?;
    let payload = read_json(request).await?;
    judge(&Field::whole(&payload)).map_err(GraphError::of_management)?;
    let mut profiles = world.profiles.all();
    let profile = profiles.entry(number.id.clone()).or_default();
    for name in CHANGEABLE {
        if let Some(value) = given(&payload, name) {
            profile.insert(name.to_owned(), value.clone());
        }
    }
    Ok(success())
}

fn judge(profile: &Field<'_>) -> Judged {
    profile.only(&[&CHANGEABLE[..], &["messaging_product", "profile_picture_handle"]].concat())?;
    profile.required("messaging_product")?.one_of(&["whatsapp"])?;
    let lengths =
        [("about", 1..=139), ("address", 0..=256), ("description", 0..=512), ("email", 0..=128)];
    for (name, length) in lengths {
        if let Some(text) = profile.optional(name) {
            text.text(length)?;
        }
    }
    if let Some(vertical) = profile.optional("vertical") {
        vertical.one_of(VERTICALS)?;
    }
    if let Some(handle) = profile.optional("profile_picture_handle") {
        handle.some_text()?;
    }
    let Some(websites) = profile.optional("websites") else { return Ok(()) };
    for website in websites.items(0..=2)? {
        website.text(1..=256)?;
        website.web_address()?;
    }
    Ok(())
}
