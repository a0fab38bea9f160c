//! Step 4: the number is the caller's. It reads the body, once, and looks at `phoneNumberId` alone.

use std::sync::Arc;

use axum::extract::{Request, State};

use super::{DeveloperPlan, rate_limits};
use crate::model::GraphId;
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, JsonBody, RequestRecord};

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
    State(state): State<AppState>,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    request: Request,
) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let body = JsonBody::read(&parts.headers, body, plan.caller(), &state).await?;
    let named = body.members().get("phoneNumberId").and_then(|id| id.as_string());
    let named = named.and_then(Result::ok);
    let proof = OwnedPhoneNumber::confirm(plan, named.as_deref())?;
    let account = &proof.caller().account;
    if let Some(counted) = state.limits.rates.count_number(account, &proof.number) {
        rate_limits::admit(counted, &record)?;
    }
    parts.extensions.insert(proof);
    parts.extensions.insert(Arc::new(body));
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}
