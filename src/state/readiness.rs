//! Whether this node should get traffic.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::Store;

const MAX_AGE: Duration = Duration::from_secs(1);

/// Asks the database at most once a second, however often it is asked itself.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    pub async fn database(&self, store: &Store) -> bool {
        let mut last = self.0.lock().await;
        if let Some((asked, answers)) = *last
            && asked.elapsed() < MAX_AGE
        {
            return answers;
        }
        let answers = store.ping().await.is_ok();
        *last = Some((Instant::now(), answers));
        answers
    }
}
