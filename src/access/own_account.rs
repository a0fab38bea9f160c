//! In Meta's shape callers name their WhatsApp Business Account: in the path, or, as Interakt has
//! it, in `x-waba-id`.

use axum::extract::Request;

use super::DeveloperPlan;
use crate::wire::{ApiError, Carried, NodePath};

const X_WABA_ID: &str = "x-waba-id";

/// Whoever names none means the one that they have.
pub(super) async fn require(
    Carried(plan): Carried<DeveloperPlan>,
    request: Request,
) -> Result<Request, ApiError> {
    let own = plan.caller().waba_id.as_str().as_bytes();
    if request.headers().get_all(X_WABA_ID).iter().any(|named| named.as_bytes() != own) {
        return Err(ApiError::NotYourAccount);
    }
    Ok(request)
}

pub(super) async fn require_in_path(
    Carried(plan): Carried<DeveloperPlan>,
    NodePath(named): NodePath,
    request: Request,
) -> Result<Request, ApiError> {
    if named.is_none_or(|named| named != plan.caller().waba_id) {
        return Err(ApiError::NotYourAccount);
    }
    Ok(request)
}
