//! Step 4: the number is the caller's. It reads the body, once, and looks at `phoneNumberId` alone.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use http::request::Parts;

use super::{DeveloperPlan, rate_limits};
use crate::model::GraphId;
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, JsonBody, NodePath, RequestRecord};

/// Proof that a number is the caller's own.
#[derive(Clone, Debug)]
pub struct OwnedPhoneNumber {
    plan: DeveloperPlan,
    number: GraphId,
}

impl OwnedPhoneNumber {
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        self.plan.caller()
    }

    #[must_use]
    pub fn number(&self) -> &GraphId {
        &self.number
    }

    /// Somebody else's number and one that does not exist get the same answer.
    ///
    /// # Errors
    /// When no number is named, or it is not the caller's.
    pub fn confirm(plan: DeveloperPlan, number: Option<&str>) -> Result<Self, ApiError> {
        let number = number.filter(|number| !number.is_empty());
        let number = number.ok_or(ApiError::PhoneNumberIdRequired)?;
        let owned = plan.caller().account.owned_number(number).map(|owned| owned.id.clone());
        let number = owned.ok_or(ApiError::NotYourNumber)?;
        Ok(Self { plan, number })
    }
}

pub(super) async fn require(
    plan: DeveloperPlan,
    parts: &mut Parts,
    body: Body,
    state: &AppState,
) -> Result<(), ApiError> {
    let Carried(record) = Carried::<Arc<RequestRecord>>::of(&parts.extensions)?;
    let body = JsonBody::read(&parts.headers, body, plan.caller(), state).await?;
    let named = body.members().get("phoneNumberId").and_then(|id| id.as_string());
    let named = named.and_then(Result::ok);
    let proof = OwnedPhoneNumber::confirm(plan, named.as_deref())?;
    count(&proof, &record, state)?;
    parts.extensions.insert(proof);
    parts.extensions.insert(Arc::new(body));
    Ok(())
}

/// The same for a number that the path names; the body is left to be read.
pub(super) async fn require_in_path(
    State(state): State<AppState>,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    NodePath(number): NodePath,
    mut request: Request,
) -> Result<Request, ApiError> {
    let number = number.ok_or(ApiError::NotYourNumber)?;
    let proof = OwnedPhoneNumber::confirm(plan, Some(number.as_str()))?;
    count(&proof, &record, &state)?;
    request.extensions_mut().insert(proof);
    Ok(request)
}

fn count(
    proof: &OwnedPhoneNumber,
    record: &RequestRecord,
    state: &AppState,
) -> Result<(), ApiError> {
    match state.limits.rates.count_number(&proof.caller().account, &proof.number) {
        Some(counted) => rate_limits::admit(counted, record),
        None => Ok(()),
    }
}
