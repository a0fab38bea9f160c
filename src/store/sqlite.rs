//! The store in one SQLite file. One connection writes, several read.

mod accounts;
mod api_tokens;
mod audit;
#[cfg(test)]
mod cost;
mod deliveries;
mod flows;
mod forget;
mod inbound;
mod journey;
mod messages;
mod nodes;
mod rows_at_once;
mod sends;
mod upkeep;
mod webhooks;
mod writer;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, FromRow};

use self::rows_at_once::MOST_ROWS;
use self::sends::{SendWrite, Written};
use self::writer::{Durability, Writer, Writing};
use super::commit_groups::CommitGroups;
use super::work::Work;
use super::{AttemptEnding, Cause, Keyring, StoreError, WAIT, within};
use crate::config::DatabaseSettings;

const READERS: u32 = 4;

/// When the file is just being created by another process.
const NEXT_TRY: Duration = Duration::from_millis(20);

pub(super) struct Sqlite {
    /// For connections beside these.
    options: SqliteConnectOptions,
    writer: Writer,
    readers: SqlitePool,
    keyring: Keyring,
    timeout: Duration,
    work: Work,
    sends: CommitGroups<SendWrite, Written>,
    attempts: CommitGroups<AttemptEnding, bool>,
}

impl Sqlite {
    pub(super) async fn open(
        settings: &DatabaseSettings,
        keyring: Keyring,
    ) -> Result<Self, StoreError> {
        let timeout = settings.timeout.get();
        let options = options(&settings.url)?;
        within(timeout, create(&options)).await?;

        // Whether its thread still runs is looked at when a connection is given back.
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(WAIT.min(timeout))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false);
        let opened = async {
            // The writer first: it recovers the log, if need be, which readers may not.
            // In memory is what undoes a statement of many rows, should it fail. It would be a
            // file of its own each time.
            let writes = options.clone().pragma("temp_store", "memory");
            let writer = Writer::connect(writes).await?;
            let readers = readers.connect_with(options.clone().read_only(true)).await?;
            Ok((writer, readers))
        };
        let (writer, readers) = within(timeout, opened).await?;
        Ok(Self {
            options,
            writer,
            readers,
            keyring,
            timeout,
            work: Work::default(),
            sends: CommitGroups::new(1, timeout).first(SendWrite::goes_first),
            attempts: CommitGroups::new(1, timeout),
        })
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        within(self.timeout, work).await
    }

    async fn write(&self) -> Result<Writing, StoreError> {
        self.writer.begin(Durability::Full).await
    }

    /// Begins with a question about these accounts, in the same journey.
    async fn write_and_ask<T>(
        &self,
        accounts: impl IntoIterator<Item = &str>,
        ask: &'static str,
    ) -> Result<(Writing, Vec<T>), StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow>,
    {
        let accounts: BTreeSet<_> = accounts.into_iter().collect();
        let accounts = json(&accounts)?;
        let (tx, rows) =
            self.writer.begin_and_ask(Durability::Full, Some((ask, &accounts))).await?;
        Ok((tx, rows.iter().map(T::from_row).collect::<Result<_, _>>()?))
    }

    async fn write_lightly(&self) -> Result<Writing, StoreError> {
        self.writer.begin(Durability::Light).await
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options: SqliteConnectOptions = url.parse()?;
    let file = options.get_filename();
    // In memory each connection would have a database of its own.
    if file.as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::NoFile);
    }
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    if !directory.is_dir() {
        return Err(StoreError::NoDirectory(directory.to_owned()));
    }
    Ok(options
        .create_if_missing(true)
        .foreign_keys(true)
        // So that the rows of a part are told without waiting for whoever reads them.
        .row_buffer_size(2 * MOST_ROWS)
        // There are some fifteen lengths of each statement with many rows, and 64 of those that
        // claim and end sends.
        .statement_cache_capacity(512)
        // What was committed must outlive a power cut: a message that was sent is never resent.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT))
}

/// Refuses a database that is yet to be created.
pub(super) fn require_file(settings: &DatabaseSettings) -> Result<(), StoreError> {
    let options = options(&settings.url)?;
    let file = options.get_filename();
    if file.is_file() { Ok(()) } else { Err(StoreError::NoDatabase(file.to_owned())) }
}

/// A list as `json_each` takes it.
fn json(list: &(impl serde::Serialize + ?Sized)) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|_| StoreError::Query(Cause::unreadable("a list")))
}

/// Creates the file, and has it keep a write-ahead log. SQLite does not wait for other
/// connections when it changes the mode of a file, so the waiting is done here, until the
/// caller's patience ends.
async fn create(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let options = options.clone().journal_mode(SqliteJournalMode::Wal);
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(connection.close().await?),
            Err(error) if is_busy(&error) => tokio::time::sleep(NEXT_TRY).await,
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|told| told.code());
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}

#[cfg(test)]
mod tests {
    use super::options;
    use crate::store::StoreError;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        for (url, path) in [
            ("sqlite://store.db", "store.db"),
            ("sqlite:store.db", "store.db"),
            ("sqlite:///tmp/store.db", "/tmp/store.db"),
            ("sqlite:///tmp/a%20b.db", "/tmp/a b.db"),
        ] {
            assert_eq!(options(url).unwrap().get_filename().to_str(), Some(path));
        }
    }

    #[test]
    fn a_missing_directory_is_named() {
        let refused = options("sqlite:///no/such/place/store.db").unwrap_err();
        let told = "the directory /no/such/place of the database file does not exist";
        assert_eq!(refused.to_string(), told);
    }

    #[test]
    fn a_database_that_is_no_file_is_refused() {
        for url in
            ["sqlite::memory:", "sqlite://:memory:", "sqlite://x.db?mode=memory", "sqlite://"]
        {
            assert!(matches!(options(url), Err(StoreError::NoFile)), "{url}");
        }
        assert!(matches!(options("sqlite://x.db?mode=odd"), Err(StoreError::BadUrl(_))));
    }
}
