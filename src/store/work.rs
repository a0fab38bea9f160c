//! The bell that wakes the workers of this process.

use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Work(Notify);

impl Work {
    /// Wakes those who wait, or else the next one to come: a commit is never missed.
    pub(super) fn announce(&self) {
        self.0.notify_waiters();
        self.0.notify_one();
    }

    /// Wakes those who wait, and nobody who comes later.
    pub(super) fn wake_others(&self) {
        self.0.notify_waiters();
    }

    pub(super) async fn wait(&self) {
        self.0.notified().await;
    }
}
