//! The store in a PostgreSQL database, which several gateways may share.

mod accounts;
mod api_tokens;
mod audit;
mod connection;
mod deliveries;
mod flows;
mod forget;
mod inbound;
mod messages;
mod nodes;
mod sends;
mod upkeep;
mod webhooks;
mod writers;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::Mutex;

use connection::{put_in_order, set_up};
use writers::{Writers, Writing};

use super::commit_groups::CommitGroups;
use super::intake::OpenKey;
use super::work::Work;
use super::{AttemptEnding, Ending, Keyring, SendClaim, StoreError, WAIT, within};
use crate::config::DatabaseSettings;

const CONNECTIONS: u32 = 16;

const MOST_DATA_KEYS: usize = 10_000;

/// So many groups of claims, and of ends of sends, are under way at once: each mostly waits for the
/// server.
const GROUPS: usize = 2;
/// One of attempts that end makes a journey for each of them.
const GROUPS_OF_ATTEMPTS: usize = 8;

/// A connection that lay unused for longer is asked whether it still lives before it is used.
const STILL_FRESH: Duration = Duration::from_secs(1);

pub(super) struct Postgres {
    /// For connections beside the pool.
    options: PgConnectOptions,
    pool: PgPool,
    writers: Writers,
    keyring: Keyring,
    /// Of accounts that have sent with a key, as they were stored when somebody looked.
    data_keys: Cache<String, Arc<OpenKey>>,
    timeout: Duration,
    work: Work,
    /// Each is told whether it has won its key.
    claims: CommitGroups<Arc<SendClaim>, bool>,
    ends: CommitGroups<Arc<Ending>, bool>,
    attempts: CommitGroups<AttemptEnding, bool>,
    /// Whoever waits for work listens here, one at a time.
    listener: Mutex<Option<PgListener>>,
}

impl Postgres {
    pub(super) async fn open(
        settings: &DatabaseSettings,
        keyring: Keyring,
    ) -> Result<Self, StoreError> {
        let timeout = settings.timeout.get();
        let options: PgConnectOptions = settings.url.parse()?;
        let again = Arc::new(options.clone());
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT.min(timeout))
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move {
                    if known.idle_for < STILL_FRESH {
                        return Ok(true);
                    }
                    connection.ping().await.map(|()| true)
                })
            })
            .after_connect(move |connection, _| Box::pin(set_up(connection, timeout)))
            .after_release(move |connection, _| {
                let again = Arc::clone(&again);
                Box::pin(
                    async move { put_in_order(connection, &again, timeout).await.map(|()| true) },
                )
            });
        let pool = async { Ok(pool.connect_with(options.clone()).await?) };
        let pool = within(timeout, pool).await?;
        Ok(Self {
            options,
            writers: Writers::of(pool.clone()),
            pool,
            keyring,
            data_keys: Cache::new(MOST_DATA_KEYS),
            timeout,
            work: Work::default(),
            claims: CommitGroups::new(GROUPS, timeout),
            ends: CommitGroups::new(GROUPS, timeout),
            attempts: CommitGroups::new(GROUPS_OF_ATTEMPTS, timeout),
            listener: Mutex::default(),
        })
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        within(self.timeout, work).await
    }

    async fn write(&self) -> Result<Writing, StoreError> {
        self.writers.begin("BEGIN").await
    }

    /// The same for what may be undone by a crash of the server, though by nothing less: the
    /// commit does not wait for the disk.
    async fn write_lightly(&self) -> Result<Writing, StoreError> {
        let begin = "BEGIN; SET LOCAL synchronous_commit = off";
        self.writers.begin(begin).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::{Keyring, Postgres};
    use crate::config::{DatabaseSettings, SecretKey};
    use crate::store::StoreError;

    async fn counts_as_away(server: &TcpListener, query: &str, timeout: Duration) {
        let url = format!("postgres://gateway@{}/db{query}", server.local_addr().unwrap());
        let timeout = timeout.into();
        let keyring = Keyring::new(&[SecretKey::new([1; 32])]).unwrap();
        let opened = Postgres::open(&DatabaseSettings { url, timeout }, keyring).await;
        let failed = opened.err();
        assert!(matches!(failed, Some(StoreError::Unavailable(_))), "{failed:?}");
    }

    #[tokio::test]
    async fn a_server_that_takes_the_call_and_says_nothing_counts_as_away() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        counts_as_away(&silent, "", Duration::from_millis(50)).await;
    }

    #[tokio::test]
    async fn a_server_that_takes_the_call_and_hangs_up_counts_as_away() {
        let busy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hang_up = async {
            loop {
                let (mut stream, _) = busy.accept().await.unwrap();
                let _asked = stream.read(&mut [0; 8]).await;
            }
        };
        let all = async {
            for query in ["", "?sslmode=require", "?sslmode=disable"] {
                counts_as_away(&busy, query, Duration::from_secs(20)).await;
            }
        };
        tokio::select! { () = all => {} () = hang_up => {} }
    }
}
