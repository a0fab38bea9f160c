//! The PostgreSQL server of the tests, and the databases made there.
//!
//! To make and drop a database takes it most of a second, so a case that ends leaves its
//! database, emptied, to the next one; all of them are dropped when the run ends.

use std::sync::Mutex;

use futures_util::future::try_join_all;
use sqlx::migrate::MigrateDatabase as _;
use sqlx::{Connection as _, PgConnection, raw_sql};

/// Connections that a case left behind could still hold locks; so they end first.
const EMPTY: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public";

const DEADLOCK: &str = "40P01";

pub(crate) struct Server {
    url: url::Url,
    idle: Mutex<Vec<String>>,
}

impl Server {
    pub(crate) fn from_env() -> Option<Self> {
        let url = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())?;
        let mut url: url::Url = url.parse().unwrap();
        // A handshake per connection takes longer than most cases; say otherwise in the URL.
        if !url.query_pairs().any(|(name, _)| name == "sslmode") {
            url.query_pairs_mut().append_pair("sslmode", "disable");
        }
        // What a case wrote need not outlive the case, so no commit waits for the disk.
        url.query_pairs_mut().append_pair("options", "-c synchronous_commit=off");
        Some(Self { url, idle: Mutex::default() })
    }

    /// The URL of an empty database that nobody else uses.
    pub(crate) async fn lend(&self) -> String {
        let idle = self.idle.lock().unwrap().pop();
        if let Some(url) = idle {
            return url;
        }
        let mut url = self.url.clone();
        url.set_path(&format!("avenping_test_{}", uuid::Uuid::new_v4().simple()));
        sqlx::Postgres::create_database(url.as_str()).await.unwrap();
        url.into()
    }

    pub(crate) async fn take_back(&self, url: String) {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        // What is still left of the case may connect once more, and lock something in between.
        while let Err(error) = raw_sql(EMPTY).execute(&mut connection).await {
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some(DEADLOCK), "{error}");
        }
        self.idle.lock().unwrap().push(url);
    }

    pub(crate) async fn drop_databases(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap());
        // Together they wait for the disk once.
        let dropped = idle.iter().map(|url| sqlx::Postgres::force_drop_database(url));
        try_join_all(dropped).await.unwrap();
    }
}
