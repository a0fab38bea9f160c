//! A case, and the fresh database that it runs on.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::config::{DatabaseSettings, SecretKey};
use avenping_gateway::store::{self, Keyring, Store, StoreError};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use sqlx::{Connection as _, PgConnection, SqliteConnection, raw_sql};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::server::Server;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(Place) -> LocalBoxFuture<'static, ()>,
}

/// Lists the functions of a file that are cases; the compiler names those that were forgotten.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const CASES: &[$crate::harness::Case] = &[$($crate::harness::Case {
            name: stringify!($name),
            run: |place| Box::pin($name(place)),
        }),+];
    };
}
pub(crate) use cases;

/// Where the database of one case is.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    /// Of SQLite; gone with the last clone.
    directory: Option<Arc<TempDir>>,
}

/// Runs the case on an empty database: of the server, or else of SQLite. However the case ends,
/// what it wrote goes away.
pub(crate) fn run(case: &Case, server: Option<&Server>) {
    runtime().block_on(async {
        let place = match server {
            Some(server) => Place { url: server.lend().await, directory: None },
            None => Place::file(),
        };
        let outcome = AssertUnwindSafe((case.run)(place.clone())).catch_unwind().await;
        if let Some(server) = server {
            server.take_back(place.url).await;
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A connection beside the store, for what the store itself would never do.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Place {
    fn file() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("store.db").display());
        Self { url, directory: Some(Arc::new(directory)) }
    }

    /// The folder of the SQLite file, if it is one.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.directory.as_deref().map(TempDir::path)
    }

    /// A migrated store with the usual key.
    pub(crate) async fn store(&self) -> Store {
        let store = self.open(&[1]).await;
        store.migrate().await.unwrap();
        store
    }

    /// Another handle, as another process would have it; not migrated. Each number is a key.
    pub(crate) async fn open(&self, keys: &[u8]) -> Store {
        self.try_open(keys, Duration::from_secs(30)).await.unwrap()
    }

    pub(crate) async fn try_open(
        &self,
        keys: &[u8],
        timeout: Duration,
    ) -> Result<Store, StoreError> {
        let keys: Vec<_> = keys.iter().map(|fill| SecretKey::new([*fill; 32])).collect();
        let settings = DatabaseSettings { url: self.url.clone(), timeout: timeout.into() };
        store::open(&settings, Keyring::new(&keys)?).await
    }

    pub(crate) async fn try_open_existing(&self) -> Result<Store, StoreError> {
        let timeout = Duration::from_secs(30).into();
        let settings = DatabaseSettings { url: self.url.clone(), timeout };
        store::open_existing(&settings, Keyring::new(&[SecretKey::new([1; 32])])?).await
    }

    /// Whether the database is a file, which is not there before it is opened.
    pub(crate) fn is_file(&self) -> bool {
        self.directory.is_some()
    }

    pub(crate) async fn raw(&self) -> Raw {
        if self.directory.is_some() {
            return Raw::Sqlite(SqliteConnection::connect(&self.url).await.unwrap());
        }
        Raw::Postgres(PgConnection::connect(&self.url).await.unwrap())
    }

    pub(crate) async fn execute(&self, statement: &'static str) {
        self.raw().await.execute(statement).await;
    }

    /// Somebody who lets nobody write: in a file at all, and on a server what `lock` takes.
    pub(crate) async fn stranger(&self, lock: &'static str) -> Raw {
        let mut stranger = self.raw().await;
        let lock = if self.is_file() { "BEGIN IMMEDIATE" } else { lock };
        stranger.execute(lock).await;
        stranger
    }

    /// All of the work begins before any of it is done, so that the last ones are one group.
    pub(crate) async fn gathered<T>(&self, lock: &'static str, work: impl Future<Output = T>) -> T {
        let mut stranger = self.stranger(lock).await;
        let (done, ()) = tokio::join!(work, stranger.execute("ROLLBACK"));
        done
    }

    pub(crate) async fn count(&self, question: &'static str) -> i64 {
        self.raw().await.number(question).await
    }
}

const OTHERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'";

impl Raw {
    /// Waits until all other connections to the server have gone.
    pub(crate) async fn alone(&mut self) {
        let give_up = tokio::time::Instant::now() + Duration::from_secs(20);
        while matches!(self, Self::Postgres(_)) && self.number(OTHERS).await > 0 {
            assert!(tokio::time::Instant::now() < give_up, "somebody does not go");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn execute(&mut self, statement: &'static str) {
        match self {
            Self::Sqlite(connection) => {
                raw_sql(statement).execute(connection).await.unwrap();
            }
            Self::Postgres(connection) => {
                raw_sql(statement).execute(connection).await.unwrap();
            }
        }
    }

    /// What may be refused.
    pub(crate) async fn try_execute(&mut self, statement: &str) -> Result<(), sqlx::Error> {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(connection) => raw_sql(statement).execute(connection).await.map(drop),
            Self::Postgres(connection) => raw_sql(statement).execute(connection).await.map(drop),
        }
    }

    pub(crate) async fn number(&mut self, question: &'static str) -> i64 {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
            }
            Self::Postgres(connection) => {
                sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
            }
        }
    }
}
