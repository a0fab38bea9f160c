//! What has to be done now and then, whoever asks for what.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::RecordSettings;
use crate::model::Timestamp;
use crate::store::{Store, StoreError};

/// Small enough that no send waits long behind one.
const BATCH: i64 = 1_000;
const OFTEN: Duration = Duration::from_secs(1);
/// Every so many of those, old rows are deleted.
const SELDOM: u32 = 60;
/// An answer is kept this long, and an unknown one as long as Meta repeats its webhooks.
const KEEP_ENDED: Duration = Duration::from_secs(24 * 60 * 60);
const KEEP_UNKNOWN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Works until `stop`. A database that is away is tried again at the next turn.
pub(super) async fn run(
    store: Store,
    clock: Clock,
    records: RecordSettings,
    stop: CancellationToken,
) {
    let mut turns = interval(OFTEN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn: u32 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        let now = clock.now();
        let mut done = expire(&store, now).await;
        if turn.is_multiple_of(SELDOM) && done.is_ok() {
            done = forget(&store, now, &records).await;
        }
        if let Err(error) = done {
            tracing::warn!(%error, "a chore was put off");
        }
        turn = turn.wrapping_add(1);
    }
}

async fn expire(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    while store.expire_sends(now, BATCH).await? == BATCH.unsigned_abs() {}
    Ok(())
}

async fn forget(store: &Store, now: Timestamp, records: &RecordSettings) -> Result<(), StoreError> {
    let full = BATCH.unsigned_abs();
    let (ended, unknown) = (now.minus(KEEP_ENDED), now.minus(KEEP_UNKNOWN));
    while store.forget_sends(ended, unknown, BATCH).await? == full {}
    let old = now.minus(records.message_retention.get());
    while store.forget_messages(old, BATCH).await? == full {}
    Ok(())
}
