//! The one connection that writes, and its transactions.
//!
//! Neither is sqlx's: a pool asks the thread of SQLite after each use whether it still runs, and a
//! transaction has the thread wait, twice, until somebody has heard what it says. Each is a change of
//! threads or two, for every commit: a send with a key takes 0.95 of the time without them.

#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_util::FutureExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, query};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::is_busy;
use super::journey::journey;
use crate::store::StoreError;

const BEGIN: &str = "BEGIN IMMEDIATE";

/// Begins a transaction, and then asks.
macro_rules! begin_and {
    ($($ask:tt)+) => {
        concat!("BEGIN IMMEDIATE; ", $($ask)+)
    };
}
pub(super) use begin_and;

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// The disk: what was committed outlives a power cut.
    Full,
    /// Nothing: a power cut may undo it, though nothing less. The next commit that waits for the
    /// disk waits for this one as well.
    Light,
}

/// All writers stand in one line, which is `None` once it is closed.
pub(super) struct Writer(Arc<Mutex<Option<Place>>>);

struct Place {
    options: SqliteConnectOptions,
    connection: SqliteConnection,
    /// As it is set; `None` if that is not known.
    durability: Option<Durability>,
}

/// A transaction that holds the write lock from the start: one that took it later could find that
/// it has read what no longer holds. Unless it is committed it is undone.
pub(super) struct Writing {
    place: OwnedMappedMutexGuard<Option<Place>, Place>,
    committed: bool,
}

impl Durability {
    fn set(self) -> &'static str {
        match self {
            Self::Full => "PRAGMA synchronous = FULL",
            Self::Light => "PRAGMA synchronous = NORMAL",
        }
    }
}

impl Writer {
    pub(super) async fn connect(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self(Arc::new(Mutex::new(Some(Place::connect(options).await?)))))
    }

    pub(super) async fn begin(&self, durability: Durability) -> Result<Writing, StoreError> {
        Ok(self.begin_and_ask(durability, None).await?.0)
    }

    /// Begins with a question, in the same journey: the text of a [`begin_and`], and its value.
    pub(super) async fn begin_and_ask(
        &self,
        durability: Durability,
        ask: Option<(&'static str, &str)>,
    ) -> Result<(Writing, Vec<SqliteRow>), StoreError> {
        let place = Arc::clone(&self.0).lock_owned().await;
        let place = OwnedMutexGuard::try_map(place, Option::as_mut);
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        // Before it begins: whoever gives up in between leaves nothing open.
        let mut writing = Writing { place, committed: false };
        let rows = writing.place.begin(durability, ask).await?;
        Ok((writing, rows))
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let place = self.0.lock().await.take();
        let Some(place) = place else { return Ok(()) };
        Ok(place.connection.close().await?)
    }
}

impl Place {
    async fn connect(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        Ok(Self { options, connection, durability: None })
    }

    /// A connection that cannot begin, other than for a lock, is of no use any more.
    async fn begin(
        &mut self,
        durability: Durability,
        ask: Option<(&'static str, &str)>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        match self.try_to_begin(durability, ask).await {
            Err(error) if !is_busy(&error) => {
                tracing::warn!(%error, "the database is opened anew");
                *self = Self::connect(self.options.clone()).await?;
                self.try_to_begin(durability, ask).await
            }
            begun => begun,
        }
    }

    async fn try_to_begin(
        &mut self,
        durability: Durability,
        ask: Option<(&'static str, &str)>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let Self { connection, .. } = self;
        if self.durability != Some(durability) {
            self.durability = None;
            journey(&mut *connection, query(durability.set()), 1).await?;
            self.durability = Some(durability);
        }
        let begun = match ask {
            None => journey(&mut *connection, query(BEGIN), 1).await?,
            Some((begin, value)) => {
                journey(&mut *connection, query(begin).bind(value.to_owned()), 2).await?
            }
        };
        Ok(begun.1)
    }
}

impl Writing {
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        journey(&mut *self, query("COMMIT"), 1).await?;
        self.committed = true;
        Ok(())
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.place.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.place.connection
    }
}

/// The thread of SQLite is told before anybody else gets the connection, and does it whether or not
/// somebody waits for it. What had already ended is none the worse for it.
impl Drop for Writing {
    fn drop(&mut self) {
        if !self.committed {
            let _under_way = journey(&mut **self, query("ROLLBACK"), 1).now_or_never();
        }
    }
}
