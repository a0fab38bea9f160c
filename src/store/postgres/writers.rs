//! The connections that write, and their transactions.
//!
//! A pool looks at each connection that is given back, and so do we (see [`put_in_order`]); each look
//! is a journey to the server, and there are hardly more of them in a group of sends. Whoever writes is
//! soon followed by another: what has done its work is kept at hand, and is looked at by the first
//! write a second later.
//!
//! [`put_in_order`]: super::connection::put_in_order

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Postgres as Driver, raw_sql};

use crate::store::StoreError;

/// So many at most, for whoever reads asks the pool alone: two groups of claims and two of ends.
const AT_HAND: usize = 4;

/// What the pool has lent longer ago goes back to it with the next write.
const MOMENT: Duration = Duration::from_secs(1);

pub(super) struct Writers(Arc<Shared>);

struct Shared {
    pool: PgPool,
    /// Nothing is under way on them, and the last is the one that was used last.
    at_hand: Mutex<Vec<Lent>>,
}

/// A connection of the pool's, for a statement that is a transaction of its own. Unless it is
/// [done](Writers::done) the pool gets it back, and puts it in order.
pub(super) struct Lent {
    connection: PoolConnection<Driver>,
    since: Instant,
}

/// A transaction. Unless it is committed the pool gets it back, and undoes it.
pub(super) struct Writing {
    lent: Lent,
    shared: Arc<Shared>,
}

impl Writers {
    pub(super) fn of(pool: PgPool) -> Self {
        Self(Arc::new(Shared { pool, at_hand: Mutex::default() }))
    }

    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        Ok(self.0.lend().await?)
    }

    pub(super) fn done(&self, lent: Lent) {
        self.0.keep(lent);
    }

    /// Begins a transaction: by `BEGIN`, and whatever is to be set for it.
    pub(super) async fn begin(&self, begin: &'static str) -> Result<Writing, StoreError> {
        let mut lent = self.0.lend().await?;
        raw_sql(begin).execute(&mut *lent).await?;
        Ok(Writing { lent, shared: Arc::clone(&self.0) })
    }

    /// Closes the pool: all that is at hand belongs to it.
    pub(super) async fn close(&self) {
        let closed = self.0.pool.close();
        self.0.at_hand().clear();
        closed.await;
    }
}

impl Shared {
    async fn lend(&self) -> Result<Lent, sqlx::Error> {
        if let Some(lent) = self.take() {
            return Ok(lent);
        }
        let connection = self.pool.acquire().await?;
        Ok(Lent { connection, since: Instant::now() })
    }

    fn take(&self) -> Option<Lent> {
        let mut at_hand = self.at_hand();
        at_hand.retain(Lent::is_fresh);
        at_hand.pop()
    }

    fn keep(&self, lent: Lent) {
        let mut at_hand = self.at_hand();
        // Asked under the lock: nothing is kept behind a close.
        if lent.is_fresh() && at_hand.len() < AT_HAND && !self.pool.is_closed() {
            at_hand.push(lent);
        }
    }

    fn at_hand(&self) -> MutexGuard<'_, Vec<Lent>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < MOMENT
    }
}

impl Writing {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let Self { mut lent, shared } = self;
        raw_sql("COMMIT").execute(&mut *lent).await?;
        shared.keep(lent);
        Ok(())
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Deref for Writing {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.lent
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.lent
    }
}
