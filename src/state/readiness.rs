//! Whether this node should get traffic.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::model::Timestamp;
use crate::store::Store;

const MAX_AGE: Duration = Duration::from_secs(1);
/// A delivery that is due for longer means that nobody works.
const LATE: Duration = Duration::from_secs(60);

/// What is missing before this node can serve; nothing, when it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Database,
    DeliveryWorker,
}

/// Asks the database at most once a second, however often it is asked itself.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Option<Missing>)>>);

impl Readiness {
    pub async fn missing(&self, store: &Store, now: Timestamp) -> Option<Missing> {
        let mut last = self.0.lock().await;
        if let Some((asked, missing)) = *last
            && asked.elapsed() < MAX_AGE
        {
            return missing;
        }
        let missing = ask(store, now).await;
        *last = Some((Instant::now(), missing));
        missing
    }
}

async fn ask(store: &Store, now: Timestamp) -> Option<Missing> {
    if store.ping().await.is_err() {
        return Some(Missing::Database);
    }
    match store.oldest_due(now).await {
        Err(_) => Some(Missing::Database),
        Ok(Some(due)) if due.plus(LATE) < now => Some(Missing::DeliveryWorker),
        Ok(_) => None,
    }
}
