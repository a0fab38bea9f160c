//! Lets through what was counted and is within its limit.

use crate::limits::Counted;
use crate::wire::{ApiError, RequestRecord};

/// Has the answer tell where the caller stands, also when it is no.
pub(super) fn admit(counted: Counted, record: &RequestRecord) -> Result<(), ApiError> {
    record.note_counted(counted);
    if counted.allowed {
        return Ok(());
    }
    let limited = match counted.policy {
        "number" => "The rate limit of this phone number is reached",
        _ => "The rate limit of this account is reached",
    };
    Err(ApiError::RateLimited { limited, wait: counted.next })
}
