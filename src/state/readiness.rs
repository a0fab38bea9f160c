//! Whether this node should get traffic, and how far behind the deliveries are.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::model::Timestamp;
use crate::store::{Store, StoreError};

const MAX_AGE: Duration = Duration::from_secs(1);
/// A delivery that is due for longer means that nobody works.
const LATE: Duration = Duration::from_secs(60);
/// Beyond this it does not matter how many more deliveries wait, and counting them takes time.
const MOST_COUNTED: i64 = 10_000;

/// What there is still to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How long the oldest delivery that nothing but the workers holds up has been due. Zero,
    /// when there is none.
    pub oldest_due: Duration,
    pub pending: u64,
}

impl Backlog {
    /// Whether deliveries wait for so long that nobody can be working on them.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.oldest_due > LATE
    }
}

/// Asks the database at most once a second, however often it is asked itself.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<Backlog>)>>);

impl Readiness {
    /// `None` when the database does not answer.
    pub async fn backlog(&self, store: &Store, now: Timestamp) -> Option<Backlog> {
        let mut last = self.0.lock().await;
        if let Some((asked, backlog)) = *last
            && asked.elapsed() < MAX_AGE
        {
            return backlog;
        }
        let backlog = ask(store, now).await.ok();
        *last = Some((Instant::now(), backlog));
        backlog
    }
}

async fn ask(store: &Store, now: Timestamp) -> Result<Backlog, StoreError> {
    store.ping().await?;
    let due = store.oldest_due(now).await?;
    let oldest_due = due.map_or(Duration::ZERO, |due| now.since(due));
    let pending = store.pending_deliveries(MOST_COUNTED).await?;
    Ok(Backlog { oldest_due, pending })
}
