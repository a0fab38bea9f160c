//! The sandbox's flows, and `GET /{version}/{waba-id}/flows`.

use std::io;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use super::answer::ok;
use super::errors::Judged;
use super::paging::page;
use super::projection::Shape;
use super::query::Query;
use super::templates::text_of;
use super::world::World;

const SAMPLES: &str = include_str!("samples/flows.json");

pub(crate) const SHAPE: Shape = Shape {
    node_type: "WhatsAppBusinessFlow",
    usual: &["id", "name", "status", "categories", "validation_errors"],
    on_demand: &[
        "updated_at",
        "json_version",
        "data_api_version",
        "data_channel_uri",
        "endpoint_uri",
        "preview",
        "health_status",
        "whatsapp_business_account",
        "application",
    ],
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow<'a>(&'a Value);

impl<'a> Flow<'a> {
    pub(crate) fn status(&self) -> &'a str {
        text_of(self.0, "status")
    }

    /// The whole of it, of which `fields` shows a part.
    pub(crate) fn whole(&self) -> &'a Value {
        self.0
    }
}

#[derive(Debug)]
pub(crate) struct Flows(Vec<Value>);

impl Flows {
    pub(crate) fn samples() -> io::Result<Self> {
        Ok(Self(serde_json::from_str(SAMPLES)?))
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<Flow<'_>> {
        self.0.iter().find(|flow| text_of(flow, "id") == id).map(Flow)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Flow<'_>> {
        self.0.iter().find(|flow| text_of(flow, "name") == name).map(Flow)
    }
}

pub(crate) async fn list(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    uri: Uri,
    query: Query,
) -> Judged<Response> {
    world.waba("get", &node)?;
    let rows: Vec<Value> = world
        .flows
        .0
        .iter()
        .map(|flow| SHAPE.project(flow, query.get("fields")))
        .collect::<Judged<_>>()?;
    Ok(ok(&page(&world, uri.path(), &query, &rows)?))
}
