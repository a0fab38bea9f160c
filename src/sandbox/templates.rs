//! The sandbox's templates, and `GET /{version}/{waba-id}/message_templates`.

mod judge;
mod write;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::ok;
use super::errors::Judged;
use super::paging::page;
use super::projection::Shape;
use super::query::Query;
use super::world::World;

pub(crate) use write::{create, edit, remove};

const SAMPLES: &str = include_str!("samples/templates.json");

/// Of a business that Meta has not verified.
const MOST: usize = 250;

pub(crate) const SHAPE: Shape = Shape {
    node_type: "WhatsAppMessageTemplate",
    usual: &["name", "parameter_format", "components", "language", "status", "category", "id"],
    on_demand: &[
        "previous_category",
        "correct_category",
        "cta_url_link_tracking_opted_out",
        "degrees_of_freedom_spec",
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
#[derive(Clone, Debug)]
pub(crate) struct Template(Arc<Value>);

impl Template {
    pub(crate) fn status(&self) -> &str {
        text_of(&self.0, "status")
    }

    /// As a price is told of it: `utility`, `marketing`, ...
    pub(crate) fn category(&self) -> String {
        text_of(&self.0, "category").to_lowercase()
    }

    pub(crate) fn is_authentication(&self) -> bool {
        text_of(&self.0, "category") == "AUTHENTICATION"
    }

    pub(crate) fn is_named(&self) -> bool {
        text_of(&self.0, "parameter_format") == "NAMED"
    }

    pub(crate) fn components(&self) -> &[Value] {
        list_of(&self.0, "components")
    }
}

/// Kept in memory: what was made, edited or deleted is so until the sandbox ends.
#[derive(Debug)]
pub(crate) struct Templates(Mutex<Vec<Arc<Value>>>);

impl Templates {
    pub(crate) fn samples() -> io::Result<Self> {
        let rows: Vec<Value> = serde_json::from_str(SAMPLES)?;
        Ok(Self(Mutex::new(rows.into_iter().map(Arc::new).collect())))
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Arc<Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, name: &str, language: &str) -> Option<Template> {
        let rows = self.rows();
        rows.iter().find(|row| is_named(row, name, language)).cloned().map(Template)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<Arc<Value>> {
        self.rows().iter().find(|row| text_of(row, "id") == id).cloned()
    }

    /// `name` and `name_or_content` match a part, the others the whole; case never matters.
    fn matching(&self, query: &Query) -> Vec<Arc<Value>> {
        let part = |key: &str| query.get(key).map(str::to_lowercase);
        let (name, anywhere) = (part("name"), part("name_or_content"));
        let whole = ["status", "language", "category"].map(|key| (key, query.get(key)));
        let mut rows = self.rows().clone();
        rows.retain(|row| {
            let row_name = text_of(row, "name").to_lowercase();
            name.as_ref().is_none_or(|name| row_name.contains(name))
                && anywhere
                    .as_ref()
                    .is_none_or(|part| row.to_string().to_lowercase().contains(part))
                && whole.iter().all(|(key, wanted)| {
                    wanted.is_none_or(|wanted| text_of(row, key).eq_ignore_ascii_case(wanted))
                })
        });
        rows
    }
}

fn is_named(row: &Value, name: &str, language: &str) -> bool {
    text_of(row, "name") == name && text_of(row, "language") == language
}

/// The counts, whichever of them were asked for.
fn summary(found: usize, all: usize) -> Value {
    json!({
        "total_count": found,
        "message_template_count": all,
        "message_template_limit": MOST,
        "are_translations_complete": true,
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
        .templates
        .matching(&query)
        .iter()
        .map(|row| SHAPE.project(row, query.get("fields")))
        .collect::<Judged<_>>()?;
    let mut shown = page(&world, uri.path(), &query, &rows)?;
    if query.get("summary").is_some()
        && let Some(members) = shown.as_object_mut()
    {
        members.insert("summary".to_owned(), summary(rows.len(), world.templates.rows().len()));
    }
    Ok(ok(&shown))
}
