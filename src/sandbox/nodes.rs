//! `/{version}/{id}`: whatever has that id.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{ok, success};
use super::errors::{GraphError, Judged};
use super::projection::Shape;
use super::query::Query;
use super::world::World;
use super::{flows, media, phone_numbers, templates};

const WABA: Shape = Shape {
    node_type: "WhatsAppBusinessAccount",
    usual: &["id", "name", "timezone_id", "message_template_namespace"],
    on_demand: &[
        "currency",
        "country",
        "account_review_status",
        "status",
        "ownership_type",
        "business_verification_status",
        "is_enabled_for_insights",
        "marketing_messages_lite_api_status",
        "marketing_messages_onboarding_status",
        "on_behalf_of_business_info",
        "owner_business_info",
        "health_status",
        "subscribed_apps",
        "disable_marketing_messages_on_cloud_api",
    ],
};

const SYSTEM_USER: Shape = Shape { node_type: "User", usual: &["name", "id"], on_demand: &[] };

pub(crate) async fn read(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    query: Query,
) -> Judged<Response> {
    if let Some(medium) = world.media.find(&node) {
        media::of_number(&medium, &query, "get")?;
        return Ok(ok(&media::describe(&medium, &world)));
    }
    let (shape, whole) =
        find(&world, &node).ok_or_else(|| GraphError::unknown_object("get", &node))?;
    Ok(ok(&shape.project(&whole, query.get("fields"))?))
}

fn find(world: &World, id: &str) -> Option<(Shape, Value)> {
    if id == "me" {
        return Some((
            SYSTEM_USER,
            json!({ "name": "Sandbox system user", "id": "122100000000001" }),
        ));
    }
    if world.waba_id.as_str() == id {
        return Some((WABA, waba(world)));
    }
    let number = world.phone_numbers.iter().find(|number| number.id.as_str() == id);
    if let Some(number) = number {
        return Some((phone_numbers::ALONE, phone_numbers::whole(number)));
    }
    if let Some(flow) = world.flows.by_id(id) {
        return Some((flows::SHAPE, flow.whole().clone()));
    }
    let template = world.templates.by_id(id)?;
    Some((templates::SHAPE, Value::clone(&template)))
}

fn waba(world: &World) -> Value {
    json!({
        "id": world.waba_id,
        "name": "Sandbox business",
        "timezone_id": "1",
        "message_template_namespace": "5ba2d0b7_f2c6_433b_a66e_57b009ceb6ff",
        "currency": "USD",
        "country": "US",
        "account_review_status": "APPROVED",
        "status": "ACTIVE",
        "ownership_type": "SELF",
    })
}

/// Media can be deleted; nothing else here can.
pub(crate) async fn delete(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    query: Query,
) -> Judged<Response> {
    let found = world.media.find(&node);
    let medium = found.ok_or_else(|| GraphError::unknown_object("delete", &node))?;
    media::of_number(&medium, &query, "delete")?;
    world.media.remove(&medium).await;
    Ok(success())
}
