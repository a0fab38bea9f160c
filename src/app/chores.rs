//! What has to be done now and then, whoever asks for what: what has lost its time ends, and what
//! is old is deleted.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::RecordSettings;
use crate::store::{Store, StoreError};

const OFTEN: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(60);

/// Small enough that no send waits long behind one.
const BATCH: i64 = 1_000;
/// Between batches, so that others get at the database.
const BREATH: Duration = Duration::from_millis(50);

const DAY: Duration = Duration::from_hours(24);

/// The answer to a send under a key; an unknown one for as long as Meta repeats its webhooks,
/// which may still tell what became of it.
const KEEP_ENDED: Duration = DAY;
const KEEP_UNKNOWN: Duration = DAY.saturating_mul(7);

/// Meta's raw posts: for so long what was misread can be read again.
const KEEP_POSTS: Duration = DAY.saturating_mul(7);
/// What was taken in already. Meta repeats a post for up to seven days, and a repeat that finds no
/// mark would be told to customers once more. The day beyond is for a last repeat that is late, and
/// for clocks that disagree.
const KEEP_MARKS: Duration = DAY.saturating_mul(8);
/// A status without a message, by the time at which Meta says it happened: one that comes as late
/// as Meta repeats it still has a day to meet its message.
const KEEP_WAITING: Duration = DAY.saturating_mul(8);

/// The bodies of webhooks that were delivered, and everything about those that have ended.
const KEEP_BODIES: Duration = DAY.saturating_mul(14);
const KEEP_DELIVERIES: Duration = DAY.saturating_mul(30);

pub(super) struct Chores {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) records: RecordSettings,
    pub(super) stop: CancellationToken,
}

impl Chores {
    /// Works until it is told to stop. A database that is away is tried again at the next turn.
    pub(super) async fn run(self) {
        tokio::join!(self.expire(), self.forget());
    }

    async fn expire(&self) {
        let mut turns = turns(OFTEN);
        while self.has_turn(&mut turns).await {
            let now = self.clock.now();
            self.in_batches("expire sends", || self.store.expire_sends(now, BATCH)).await;
        }
    }

    async fn forget(&self) {
        let mut turns = turns(SELDOM);
        while self.has_turn(&mut turns).await {
            self.forget_once().await;
        }
    }

    async fn forget_once(&self) {
        let (store, now) = (&self.store, self.clock.now());
        let before = |age: Duration| now.minus(age);
        let forget = || store.forget_sends(before(KEEP_ENDED), before(KEEP_UNKNOWN), BATCH);
        self.in_batches("forget sends", forget).await;
        let forget = || store.forget_messages(before(self.records.message_retention.get()), BATCH);
        self.in_batches("forget messages", forget).await;
        let forget = || store.forget_waiting_statuses(before(KEEP_WAITING), BATCH);
        self.in_batches("forget waiting statuses", forget).await;
        let forget = || store.forget_inbound(before(KEEP_POSTS), before(KEEP_MARKS), BATCH);
        self.in_batches("forget posts", forget).await;
        let forget =
            || store.forget_deliveries(before(KEEP_BODIES), before(KEEP_DELIVERIES), BATCH);
        self.in_batches("forget deliveries", forget).await;
    }

    /// Goes on until a batch finds nothing more to do.
    async fn in_batches<'a>(
        &'a self,
        chore: &'static str,
        batch: impl Fn() -> BoxFuture<'a, Result<u64, StoreError>>,
    ) {
        while !self.stop.is_cancelled() {
            match batch().await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(chore, %error, "a chore was put off");
                    return;
                }
            }
            tokio::select! { () = self.stop.cancelled() => {} () = sleep(BREATH) => {} }
        }
    }

    async fn has_turn(&self, turns: &mut Interval) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            _ = turns.tick() => true,
        }
    }
}

fn turns(period: Duration) -> Interval {
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}
