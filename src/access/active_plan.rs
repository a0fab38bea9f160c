//! Step 2: the plan runs.

use super::Authenticated;
use crate::model::Timestamp;
use crate::wire::ApiError;

/// Proof that the caller's primary plan, if there is one, runs now.
#[derive(Clone, Debug)]
pub struct ActivePlan(Authenticated);

impl ActivePlan {
    pub(super) fn authenticated(&self) -> &Authenticated {
        &self.0
    }

    /// No plan at all is the next step's matter: nothing has expired.
    pub(super) fn confirm(caller: Authenticated, now: Timestamp) -> Result<Self, ApiError> {
        let plan = caller.caller().account.primary_plan();
        if plan.is_some_and(|plan| !plan.is_active(now)) {
            return Err(ApiError::PlanExpired);
        }
        Ok(Self(caller))
    }
}
