//! Messages.

use super::Writing;
use crate::model::{AccountId, StatusUpdate};
use crate::store::StoreError;

#[expect(clippy::unused_async, reason = "written elsewhere")]
pub(super) async fn apply_statuses(
    _tx: &mut Writing,
    _statuses: &[(&AccountId, &StatusUpdate)],
) -> Result<(), StoreError> {
    Ok(())
}
