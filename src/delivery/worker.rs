//! Takes deliveries on and has them attempted, until it is told to stop.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::attempt::{Attempts, Ended, Taken};
use super::client::WebhookClient;
use super::lanes::{Lanes, PER_ENDPOINT};
use super::schedule::Schedule;
use crate::clock::Clock;
use crate::config::DeliverySettings;
use crate::metrics;
use crate::model::WebhookEvent;
use crate::store::{ClaimedDelivery, Deliveries};

/// Being woken is a courtesy; this is the truth.
const POLL: Duration = Duration::from_secs(1);
/// Between two wake-ups: those in between are one.
const GATHER: Duration = Duration::from_millis(2);
const MOST_AT_ONCE: usize = 512;
const MOST_A_CLAIM: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Empties the outbox. Several may run on one database.
pub struct Worker {
    attempts: Arc<Attempts>,
    lease: Duration,
}

/// What one run keeps.
struct Round {
    attempts: Arc<Attempts>,
    lease: Duration,
    lanes: Lanes,
    /// Dropped with the run: a worker that is gone attempts nothing.
    running: JoinSet<Option<Attempted>>,
    /// Of failures of the store.
    pause: Duration,
}

/// An attempt that was made.
struct Attempted {
    ended: Ended,
    /// Then its message has waited for it.
    was_lead: bool,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

impl Worker {
    #[must_use]
    pub fn new(
        store: Arc<dyn Deliveries>,
        client: WebhookClient,
        clock: Clock,
        settings: &DeliverySettings,
        metrics: metrics::Deliveries,
    ) -> Self {
        let schedule = Schedule::new(settings);
        let attempts = Arc::new(Attempts { store, client, clock, schedule, metrics });
        Self { attempts, lease: settings.lease.get() }
    }

    /// Works until `stop`; then ends the attempts that run, and gives back what else it holds.
    pub async fn run(self, stop: CancellationToken) {
        let Self { attempts, lease } = self;
        let wake = Notify::new();
        let woken = async {
            loop {
                attempts.store.wait_for_work().await;
                wake.notify_one();
                sleep(GATHER).await;
            }
        };
        let round = Round {
            attempts: Arc::clone(&attempts),
            lease,
            lanes: Lanes::default(),
            running: JoinSet::new(),
            pause: FIRST_PAUSE,
        };
        tokio::select! {
            () = round.run(&wake, &stop) => {}
            () = woken => {}
        }
    }
}

impl Round {
    async fn run(mut self, wake: &Notify, stop: &CancellationToken) {
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next() => {
                    self.note(ended, wake);
                    continue;
                }
                () = wake.notified() => {}
                _ = poll.tick() => {}
            }
            self.take_on(wake, stop).await;
        }
        self.finish().await;
    }

    /// Claims what is due, as far as there is room, and starts it.
    async fn take_on(&mut self, wake: &Notify, stop: &CancellationToken) {
        let room = MOST_AT_ONCE.saturating_sub(self.running.len());
        let limit = room.min(MOST_A_CLAIM);
        if limit == 0 {
            return;
        }
        // Counted from before the question, so that our lease ends no later than the store's.
        let lease_ends = Instant::now() + self.lease;
        let now = self.attempts.clock.now();
        let asked = self.attempts.store.claim_deliveries(
            now,
            now.plus(self.lease),
            count(limit),
            count(PER_ENDPOINT),
        );
        match asked.await {
            Ok(claimed) => {
                self.pause = FIRST_PAUSE;
                if claimed.len() == limit {
                    wake.notify_one();
                }
                self.start(claimed, lease_ends, stop.is_cancelled());
            }
            Err(error) => {
                tracing::warn!(%error, "deliveries could not be claimed");
                tokio::select! { () = sleep(self.pause) => {} () = stop.cancelled() => {} }
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                wake.notify_one();
            }
        }
    }

    /// What was claimed is started at once, or given back if there is no time for it any more.
    fn start(&mut self, mut claimed: Vec<ClaimedDelivery>, lease_ends: Instant, stopped: bool) {
        // The events of one account are started in their order.
        claimed.sort_by_key(|delivery| delivery.sequence);
        for delivery in claimed {
            let attempts = Arc::clone(&self.attempts);
            let taken = Taken { delivery, lease_ends };
            if stopped {
                self.running.spawn(async move {
                    attempts.give_back(taken).await;
                    None
                });
            } else {
                self.lanes.started(&taken.delivery.account);
                let was_lead = taken.delivery.kind == WebhookEvent::NewLead;
                self.running.spawn(async move {
                    Some(Attempted { ended: attempts.make(taken).await, was_lead })
                });
            }
        }
    }

    fn note(&mut self, ended: Result<Option<Attempted>, JoinError>, wake: &Notify) {
        let Ok(Some(Attempted { ended, was_lead })) = ended else { return };
        let had_no_room = self.running.len() + 1 >= MOST_AT_ONCE;
        if self.lanes.ended(&ended) || was_lead || had_no_room {
            wake.notify_one();
        }
    }

    async fn finish(mut self) {
        while self.running.join_next().await.is_some() {}
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
