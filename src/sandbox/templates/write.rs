//! `POST` and `DELETE /{version}/{waba-id}/message_templates`, `POST /{version}/{template-id}`.
//!
//! Review takes no time here: the answer to a new template says PENDING, and it can be sent at once.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::sandbox::answer::{ok, read_json, success};
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::query::Query;
use crate::sandbox::reader::{Field, given};
use crate::sandbox::world::World;

use super::{Templates, is_named, judge, text_of};

/// Subcodes of Meta's.
const EXISTS: u32 = 2_388_024;
const NOT_FOUND: u32 = 2_593_002;

/// Ids of new templates go up from here: above those of the samples.
const FIRST_ID: u64 = 1_500_000_000_000_001;

/// Members of a template that can be set besides its name and language.
const CHANGEABLE: &[&str] = &["category", "components", "message_send_ttl_seconds"];

pub(crate) async fn create(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    request: Request,
) -> Judged<Response> {
    world.waba("post", &node)?;
    let payload = read_json(request).await?;
    let row = new_row(&payload).map_err(GraphError::of_management)?;
    let (id, category) = world.templates.add(row)?;
    Ok(ok(&json!({ "id": id, "status": "PENDING", "category": category })))
}

fn new_row(payload: &Value) -> Judged<Map<String, Value>> {
    let template = Field::whole(payload);
    template.object()?;
    let (name, language) = judge::name(&template)?;
    let category = judge::category(&template.required("category")?)?;
    let format = match template.optional("parameter_format") {
        Some(format) => format.string()?.to_ascii_uppercase(),
        None => "POSITIONAL".to_owned(),
    };
    judge::components(&template.required("components")?, category)?;
    let mut row = Map::new();
    row.insert("name".to_owned(), name.into());
    row.insert("language".to_owned(), language.into());
    row.insert("parameter_format".to_owned(), format.into());
    row.insert("status".to_owned(), "APPROVED".into());
    change(&mut row, payload);
    Ok(row)
}

pub(crate) async fn edit(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    request: Request,
) -> Judged<Response> {
    let unknown = || GraphError::unknown_object("post", &node);
    let known = world.templates.by_id(&node).ok_or_else(unknown)?;
    let payload = read_json(request).await?;
    judge_change(&Field::whole(&payload), text_of(&known, "category"))
        .map_err(GraphError::of_management)?;
    world.templates.change(&node, &payload).ok_or_else(unknown)?;
    Ok(success())
}

fn judge_change(template: &Field<'_>, category: &str) -> Judged {
    template.object()?;
    let category = match template.optional("category") {
        Some(category) => judge::category(&category)?,
        None => category,
    };
    match template.optional("components") {
        Some(components) => judge::components(&components, category),
        None => Ok(()),
    }
}

pub(crate) async fn remove(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    query: Query,
) -> Judged<Response> {
    world.waba("delete", &node)?;
    let name = query.get("name");
    let name = name.ok_or_else(|| GraphError::invalid_request("Param name is required."))?;
    world.templates.remove(name, query.get("hsm_id"))?;
    Ok(success())
}

impl Templates {
    /// The id of the new template, and its category.
    fn add(&self, mut row: Map<String, Value>) -> Judged<(String, Value)> {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, language) = (text("name"), text("language"));
        let mut rows = self.rows();
        if rows.iter().any(|known| is_named(known, name, language)) {
            let title = "Content in This Language Already Exists";
            let told = format!("There is already {language} content for the template {name}.");
            return Err(GraphError::for_user(EXISTS, title, told));
        }
        let ids = rows.iter().filter_map(|row| text_of(row, "id").parse::<u64>().ok());
        let id = ids.max().unwrap_or(0).saturating_add(1).max(FIRST_ID).to_string();
        row.insert("id".to_owned(), id.clone().into());
        let category = row.get("category").cloned().unwrap_or_default();
        rows.push(Arc::new(Value::Object(row)));
        Ok((id, category))
    }

    fn change(&self, id: &str, payload: &Value) -> Option<()> {
        let mut rows = self.rows();
        let row = rows.iter_mut().find(|row| text_of(row, "id") == id)?;
        let mut members = row.as_object()?.clone();
        change(&mut members, payload);
        *row = Arc::new(Value::Object(members));
        Some(())
    }

    /// All templates of the name, or the one with this id.
    fn remove(&self, name: &str, id: Option<&str>) -> Judged {
        let mut rows = self.rows();
        let is_meant = |row: &Value| {
            text_of(row, "name") == name && id.is_none_or(|id| text_of(row, "id") == id)
        };
        let meant = rows.iter().filter(|row| is_meant(row)).collect::<Vec<_>>();
        if meant.is_empty() {
            let told = format!("There is no template {name} to be deleted.");
            return Err(GraphError::for_user(NOT_FOUND, "Message Template Not Found", told));
        }
        if meant.iter().any(|row| text_of(row, "status") == "DISABLED") {
            return Err(GraphError::invalid_request("A disabled template cannot be deleted."));
        }
        rows.retain(|row| !is_meant(row));
        Ok(())
    }
}

fn change(row: &mut Map<String, Value>, payload: &Value) {
    for key in CHANGEABLE {
        if let Some(value) = given(payload, key) {
            row.insert((*key).to_owned(), in_capitals(value.clone()));
        }
    }
}

/// As Meta shows them, whatever case they came in: the types and formats of components.
fn in_capitals(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            for item in items {
                *item = in_capitals(item.take());
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let word = member.as_str().filter(|_| key == "type" || key == "format");
                *member = match word {
                    Some(word) => word.to_ascii_uppercase().into(),
                    None => in_capitals(member.take()),
                };
            }
        }
        _ => {}
    }
    value
}
