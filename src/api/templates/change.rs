//! Making, editing and deleting templates. A template is always the account's own: it is made at
//! the account's WABA, and looked up there before it is edited or deleted.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;

use super::Name;
use super::new::{NewTemplate, TemplateChange};
use crate::access::DeveloperPlan;
use crate::fields::{Forwarded, Violations, read_forwarded};
use crate::graph::{Errand, TemplateRow};
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, JsonBody, Query, RequestRecord, data_of};

pub(super) async fn create(
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = JsonBody::of(request, plan.caller(), &state).await?;
    let template: Forwarded<NewTemplate> = read_forwarded(body.value())?;
    let caller = plan.caller();
    let credentials = caller.credentials(record.errand);
    let made = state.graph.create_template(credentials, &caller.waba_id, bytes(&template));
    let made = record.upstream(made).await;
    state.templates.forget(caller, &template.known().name.0);
    Ok(data_of(&made?))
}

pub(super) async fn edit(
    Name(name): Name,
    query: Query,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = JsonBody::of(request, plan.caller(), &state).await?;
    let change: Forwarded<TemplateChange> = read_forwarded(body.value())?;
    let language = query.filled("language")?;
    let caller = plan.caller();
    let found = find(name, caller, record.errand, &state);
    let (name, found) = record.upstream(found).await?;
    if language.is_none() && found.len() > 1 {
        let languages = found.iter().map(|row| row.language.as_str()).collect::<Vec<_>>();
        let message = format!("is required: {name} exists in {}", languages.join(", "));
        return Err(Violations::one("language", message).into());
    }
    let template = found.iter().find(|row| language.is_none_or(|code| row.language == code));
    let id = template.ok_or(ApiError::TEMPLATE_NOT_FOUND)?.id.as_ref().ok_or(NO_ID)?;
    let credentials = caller.credentials(record.errand);
    let edited = state.graph.edit_template(credentials, id, bytes(&change));
    let edited = record.upstream(edited).await;
    state.templates.forget(caller, &name);
    Ok(data_of(&edited?))
}

pub(super) async fn remove(
    Name(name): Name,
    query: Query,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let language = query.filled("language")?;
    let caller = plan.caller();
    let found = find(name, caller, record.errand, &state);
    let (name, found) = record.upstream(found).await?;
    let only = match language {
        None => None,
        Some(code) => {
            let template = found.iter().find(|row| row.language == code);
            let template = template.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
            Some(template.id.as_ref().ok_or(NO_ID)?)
        }
    };
    let credentials = caller.credentials(record.errand);
    let gone = state.graph.delete_templates(credentials, &caller.waba_id, &name, only);
    let gone = record.upstream(gone).await;
    state.templates.forget(caller, &name);
    Ok(data_of(&gone?))
}

const NO_ID: ApiError = ApiError::Internal("Graph gave a template no id");

/// The account's templates of this name: at least one.
async fn find(
    name: Option<String>,
    caller: &Caller,
    errand: Errand,
    state: &AppState,
) -> Result<(String, Vec<TemplateRow>), ApiError> {
    let name = name.ok_or(ApiError::TEMPLATE_NOT_FOUND)?;
    let found = state.templates.look_up(&state.graph, caller, errand, &name).await?;
    if found.is_empty() {
        return Err(ApiError::TEMPLATE_NOT_FOUND);
    }
    Ok((name, found))
}

fn bytes<T>(body: &Forwarded<T>) -> Bytes {
    Bytes::copy_from_slice(body.text().as_bytes())
}
