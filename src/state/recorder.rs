//! Writes the record of each message behind the answer, in batches. It outlives the callers, and
//! is flushed when the gateway stops.

mod unwritten;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::metrics::{Loss, Records};
use crate::model::{AccountId, MessageRecord};
use crate::store::{Store, StoreError};
use unwritten::Unwritten;

/// Records gather for this long; whoever wakes the writer with each one pays for that.
const LINGER: Duration = Duration::from_millis(50);
/// The most that are taken in hand then.
const GATHERED: usize = 4096;
/// The most that are written at once.
const BATCH: usize = 256;
/// Records that may wait while the database is away. Beyond them the newest are given up: a send
/// must not wait for its record.
const WAITING: usize = 65_536;
const PAUSE: Duration = Duration::from_millis(500);
/// How long somebody who asks for a message waits for its record.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes records; clones share the one writer.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<MessageRecord>,
    unwritten: Unwritten,
    lost: Arc<AtomicU64>,
    /// How many were handed over, and how many of them are done with.
    handed: Arc<AtomicUsize>,
    done: watch::Receiver<usize>,
    metrics: Records,
}

struct Writer {
    store: Store,
    unwritten: Unwritten,
    done: watch::Sender<usize>,
    metrics: Records,
}

/// The task that writes.
#[derive(Debug)]
pub struct RecorderTask {
    writing: JoinHandle<()>,
    last: CancellationToken,
}

impl Recorder {
    #[must_use]
    pub fn start(store: Store, metrics: Records) -> (Self, RecorderTask) {
        let (queue, waiting) = mpsc::channel(WAITING);
        let last = CancellationToken::new();
        let unwritten = Unwritten::default();
        let (done, told) = watch::channel(0);
        let writer = Writer { store, unwritten: unwritten.clone(), done, metrics: metrics.clone() };
        let writing = tokio::spawn(writer.write_all(waiting, last.clone()));
        let (lost, handed) = (Arc::default(), Arc::default());
        let recorder = Self { queue, unwritten, lost, handed, done: told, metrics };
        (recorder, RecorderTask { writing, last })
    }

    /// How many records are not written yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let done = *self.done.borrow();
        self.handed.load(Ordering::Acquire).saturating_sub(done)
    }

    /// What its sender calls the account's message with this wamid, if its record is still to be
    /// written. Ask here before the store is asked: what is not here by then is there.
    #[must_use]
    pub fn reference(&self, account: &AccountId, wamid: &str) -> Option<String> {
        self.unwritten.find(account, wamid)
    }

    /// Waits, for a moment, until all that was handed over by now is written.
    pub async fn catch_up(&self) {
        let handed = self.handed.load(Ordering::Acquire);
        let mut done = self.done.clone();
        // Whoever gave up looks at what is there.
        let _caught_up = timeout(PATIENCE, done.wait_for(|done| *done >= handed)).await;
    }

    /// Hands a record over. It never waits.
    pub fn record(&self, record: MessageRecord) {
        self.unwritten.add(&record);
        // First, so that nobody who asks for it takes it for written.
        self.handed.fetch_add(1, Ordering::Release);
        if let Err(refused) = self.queue.try_send(record) {
            self.handed.fetch_sub(1, Ordering::Release);
            self.unwritten.remove(&[refused.into_inner()]);
            self.metrics.lost(Loss::QueueFull, 1);
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::error!(lost, "records of messages are given up: the database is away");
            }
        }
    }
}

impl RecorderTask {
    /// Takes no more, and waits until everything that was handed over is written, at most for
    /// `limit`.
    pub async fn finish(self, limit: Duration) {
        self.last.cancel();
        if timeout(limit, self.writing).await.is_err() {
            tracing::error!("the last records of messages could not be written in time");
        }
    }
}

impl Writer {
    async fn write_all(self, mut waiting: mpsc::Receiver<MessageRecord>, last: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            let first = tokio::select! {
                first = waiting.recv() => first,
                () = last.cancelled(), if !waiting.is_closed() => {
                    waiting.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            batch.push(first);
            tokio::select! {
                () = sleep(LINGER) => {}
                () = last.cancelled() => {}
            }
            while batch.len() < GATHERED
                && let Ok(record) = waiting.try_recv()
            {
                batch.push(record);
            }
            for records in batch.chunks(BATCH) {
                self.write(records).await;
                self.unwritten.remove(records);
                self.done.send_modify(|done| *done += records.len());
            }
            batch.clear();
        }
    }

    /// Tries until the database is back. What it refuses for good is told and let go: the records
    /// behind it are worth more.
    async fn write(&self, batch: &[MessageRecord]) {
        loop {
            match self.store.record_messages(batch).await {
                Ok(()) => return,
                Err(StoreError::Unavailable(cause)) => {
                    tracing::warn!(%cause, records = batch.len(), "records of messages wait");
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    self.metrics.lost(Loss::Refused, batch.len());
                    tracing::error!(%error, records = batch.len(), "records of messages are lost");
                    return;
                }
            }
        }
    }
}
