//! The business numbers, and `GET /{version}/{waba-id}/phone_numbers`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use crate::model::PhoneNumber;

use super::answer::ok;
use super::errors::Judged;
use super::paging::page;
use super::projection::Shape;
use super::query::Query;
use super::world::World;

/// In the list of the business account.
pub(crate) const IN_LIST: Shape =
    Shape { usual: &["verified_name", "display_phone_number", "quality_rating", "id"], ..ALONE };

/// By itself.
pub(crate) const ALONE: Shape = Shape {
    node_type: "WhatsAppBusinessPhoneNumber",
    usual: &[
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "id",
    ],
    on_demand: &[
        "code_verification_status",
        "platform_type",
        "throughput",
        "status",
        "name_status",
        "new_name_status",
        "account_mode",
        "country_code",
        "country_dial_code",
        "certificate",
        "new_certificate",
        "conversational_automation",
        "eligibility_for_api_business_global_search",
        "health_status",
        "host_platform",
        "is_official_business_account",
        "is_on_biz_app",
        "is_pin_enabled",
        "is_preverified_number",
        "last_onboarded_time",
        "messaging_limit_tier",
        "quality_score",
        "search_visibility",
        "unified_cert_status",
        "username",
        "webhook_configuration",
        "whatsapp_business_manager_messaging_limit",
    ],
};

/// A healthy number: whatever can be asked of it.
pub(crate) fn whole(number: &PhoneNumber) -> Value {
    json!({
        "id": number.id,
        "display_phone_number": number.number,
        "verified_name": number.name,
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "host_platform": "CLOUD_API",
        "throughput": { "level": "STANDARD" },
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "account_mode": "SANDBOX",
        "is_official_business_account": false,
        "messaging_limit_tier": "TIER_2K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": { "can_send_message": "AVAILABLE" },
    })
}

pub(crate) async fn list(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    uri: Uri,
    query: Query,
) -> Judged<Response> {
    world.waba("get", &node)?;
    let rows: Vec<Value> = world
        .phone_numbers
        .iter()
        .map(|number| IN_LIST.project(&whole(number), query.get("fields")))
        .collect::<Judged<_>>()?;
    Ok(ok(&page(&world, uri.path(), &query, &rows)?))
}
