//! Step 3: the plan opens the API.

use std::sync::Arc;

use super::{ActivePlan, Authenticated};
use crate::model::Plan;
use crate::state::Caller;
use crate::wire::ApiError;

/// Proof that the caller's plan is Premium or Enterprise.
#[derive(Clone, Debug)]
pub struct DeveloperPlan(ActivePlan);

impl DeveloperPlan {
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        self.authenticated().caller()
    }

    pub(super) fn authenticated(&self) -> &Authenticated {
        self.0.authenticated()
    }

    pub(super) fn confirm(plan: ActivePlan) -> Result<Self, ApiError> {
        let primary = plan.authenticated().caller().account.primary_plan();
        if !primary.is_some_and(Plan::allows_api) {
            return Err(ApiError::DeveloperPlanRequired);
        }
        Ok(Self(plan))
    }
}
