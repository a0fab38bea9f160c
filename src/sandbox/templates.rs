//! The sandbox's templates, and `GET /{version}/{waba-id}/message_templates`.

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
use super::world::World;

const SAMPLES: &str = include_str!("samples/templates.json");

pub(crate) const SHAPE: Shape = Shape {
    node_type: "WhatsAppMessageTemplate",
    usual: &["name", "parameter_format", "components", "language", "status", "category", "id"],
    on_demand: &[
        "previous_category",
        "library_template_name",
        "sub_category",
        "quality_score",
        "rejected_reason",
        "message_send_ttl_seconds",
    ],
};

/// A string member, empty if there is none.
pub(crate) fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An array member, empty if there is none.
pub(crate) fn list_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// One row: one name in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template<'a>(&'a Value);

impl<'a> Template<'a> {
    pub(crate) fn status(&self) -> &'a str {
        text_of(self.0, "status")
    }

    /// As a price is told of it: `utility`, `marketing`, ...
    pub(crate) fn category(&self) -> String {
        text_of(self.0, "category").to_lowercase()
    }

    pub(crate) fn is_authentication(&self) -> bool {
        text_of(self.0, "category") == "AUTHENTICATION"
    }

    pub(crate) fn is_named(&self) -> bool {
        text_of(self.0, "parameter_format") == "NAMED"
    }

    pub(crate) fn components(&self) -> &'a [Value] {
        list_of(self.0, "components")
    }
}

#[derive(Debug)]
pub(crate) struct Templates(Vec<Value>);

impl Templates {
    pub(crate) fn samples() -> io::Result<Self> {
        Ok(Self(serde_json::from_str(SAMPLES)?))
    }

    pub(crate) fn find(&self, name: &str, language: &str) -> Option<Template<'_>> {
        let is_it =
            |row: &&Value| text_of(row, "name") == name && text_of(row, "language") == language;
        self.0.iter().find(is_it).map(Template)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Value> {
        self.0.iter().find(|row| text_of(row, "id") == id)
    }

    /// `name` and `name_or_content` match a part, the others the whole; case never matters.
    fn matching(&self, query: &Query) -> impl Iterator<Item = &Value> {
        let part = |key: &str| query.get(key).map(str::to_lowercase);
        let (name, anywhere) = (part("name"), part("name_or_content"));
        let whole = ["status", "language", "category"].map(|key| (key, query.get(key)));
        self.0.iter().filter(move |row| {
            let row_name = text_of(row, "name").to_lowercase();
            name.as_ref().is_none_or(|name| row_name.contains(name))
                && anywhere
                    .as_ref()
                    .is_none_or(|part| row.to_string().to_lowercase().contains(part))
                && whole.iter().all(|(key, wanted)| {
                    wanted.is_none_or(|wanted| text_of(row, key).eq_ignore_ascii_case(wanted))
                })
        })
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
        .templates
        .matching(&query)
        .map(|row| SHAPE.project(row, query.get("fields")))
        .collect::<Judged<_>>()?;
    Ok(ok(&page(&world, uri.path(), &query, &rows)?))
}
