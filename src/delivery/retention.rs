//! What has been told is not kept for ever.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::store::Deliveries;

const ROUND: Duration = Duration::from_secs(600);
/// Between batches, so that others get at the database.
const BREATH: Duration = Duration::from_millis(50);
const BATCH: i64 = 1000;
const DAY: i64 = 24 * 3600 * 1000;
const BODIES: i64 = 14 * DAY;
const ALL: i64 = 30 * DAY;

/// Deletes what is old, round after round, in small batches. Never ends.
pub(super) async fn forget(store: Arc<dyn Deliveries>, clock: Clock) {
    loop {
        tokio::time::sleep(ROUND).await;
        let now = clock.now().as_millis();
        let before = |age| Timestamp::from_millis(now.saturating_sub(age));
        loop {
            match store.forget_deliveries(before(BODIES), before(ALL), BATCH).await {
                Ok(0) => break,
                Ok(_) => tokio::time::sleep(BREATH).await,
                Err(error) => {
                    tracing::warn!(%error, "old deliveries could not be deleted");
                    break;
                }
            }
        }
    }
}
