//! Hearing of commits, those of other nodes as well.

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::super::Postgres;
use crate::store::{StoreError, WAIT};

const CHANNEL: &str = "avenping_deliveries";

impl Postgres {
    /// It never fails: while the server is away nothing is due either, and whoever waits looks
    /// for himself once in a while.
    pub(super) async fn hear_of_work(&self) {
        tokio::select! {
            () = self.work.wait() => {}
            () = self.told_by_server() => {}
        }
    }

    /// One of those who wait listens; the bell then wakes the others.
    async fn told_by_server(&self) {
        let mut listener = self.listener.lock().await;
        while self.listen(&mut listener).await.is_err() {
            *listener = None;
            tokio::time::sleep(WAIT).await;
        }
        drop(listener);
        self.work.wake_others();
    }

    /// Returns after a notification, and also when it has just begun to listen: what was said
    /// before that, nobody has heard.
    async fn listen(&self, listener: &mut Option<PgListener>) -> Result<(), StoreError> {
        if let Some(listener) = listener {
            // `None` is a connection that was lost and made anew, which is news as well.
            listener.try_recv().await?;
            return Ok(());
        }
        // Not from the pool, which may be exhausted just when there is much to hear of.
        let apart = PgPoolOptions::new().max_connections(1).acquire_timeout(WAIT);
        let apart = apart.connect_lazy_with(self.options.clone());
        let mut fresh = PgListener::connect_with(&apart).await?;
        fresh.listen(CHANNEL).await?;
        *listener = Some(fresh);
        Ok(())
    }
}
