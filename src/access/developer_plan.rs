//! Step 3: the plan opens the API.

use std::sync::Arc;

use axum::extract::Request;

use super::ActivePlan;
use crate::model::Plan;
use crate::state::Caller;
use crate::wire::{ApiError, Carried};

/// Proof that the caller's plan is Premium or Enterprise.
#[derive(Clone, Debug)]
pub struct DeveloperPlan(ActivePlan);

impl DeveloperPlan {
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        self.0.authenticated().caller()
    }

    fn confirm(plan: ActivePlan) -> Result<Self, ApiError> {
        let primary = plan.authenticated().caller().account.primary_plan();
        if !primary.is_some_and(Plan::allows_api) {
            return Err(ApiError::DeveloperPlanRequired);
        }
        Ok(Self(plan))
    }
}

pub(super) async fn require(
    Carried(plan): Carried<ActivePlan>,
    mut request: Request,
) -> Result<Request, ApiError> {
    let proof = DeveloperPlan::confirm(plan)?;
    request.extensions_mut().insert(proof);
    Ok(request)
}
