//! What can go wrong in the store.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::metrics::Fault;

/// A failure of the store. It never carries a value that was to be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database URL must start with sqlite:// or postgres://")]
    UnknownDatabase,
    #[error("the database URL is not understood: {0}")]
    BadUrl(Cause),
    #[error("the SQLite database must be a file, as in sqlite://avenping.db")]
    NoFile,
    #[error("the directory {0} of the database file does not exist")]
    NoDirectory(PathBuf),
    #[error("there is no database file {0}; `avenping migrate` makes it")]
    NoDatabase(PathBuf),
    /// The email is taken, or the API token is somebody's already.
    #[error("{0} is already in use")]
    Taken(&'static str),
    #[error("there is no such account")]
    NoAccount,
    /// PostgreSQL cannot hold U+0000 in a text, so SQLite is not given one either.
    #[error("{0} contains a NUL character")]
    Nul(&'static str),
    /// The database is away, full, or too slow: the same call may succeed later. When it was
    /// too slow, what was to be written may have been written.
    #[error("the database does not answer: {0}")]
    Unavailable(Cause),
    #[error("the database was migrated by a newer version of the gateway")]
    NewerSchema,
    #[error("the database is not migrated to what this version of the gateway needs")]
    OldSchema,
    #[error("the migration failed: {0}")]
    Migration(Cause),
    #[error("AVENPING_SECRET_KEY holds no key; `avenping key generate` prints one")]
    NoKey,
    /// The key that sealed a row is not among those of `AVENPING_SECRET_KEY`.
    #[error("a row is sealed with the key {0}, which AVENPING_SECRET_KEY does not hold")]
    MissingKey(String),
    #[error("a sealed value does not open: it was changed, or moved from another row")]
    Damaged,
    #[error("the system has no randomness to give")]
    NoRandomness,
    /// A query failed for a reason that will not go away by itself.
    #[error("the database refused: {0}")]
    Query(Cause),
}

impl StoreError {
    /// Under what a failure counts. A no that the caller asked for is none.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self {
            Self::Unavailable(_) => Some(Fault::Unavailable),
            Self::Query(_) => Some(Fault::Refused),
            Self::MissingKey(_) | Self::Damaged | Self::NoRandomness => Some(Fault::Sealed),
            Self::NewerSchema | Self::OldSchema | Self::Migration(_) => Some(Fault::Schema),
            _ => None,
        }
    }
}

/// What the database said, less the values it said it about.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{said}")]
pub struct Cause {
    said: String,
    /// Somebody else was at one of the rows.
    of_a_lock: bool,
}

impl Cause {
    pub(super) fn late(limit: Duration) -> Self {
        Self::saying(format!("no answer within {limit:?}"))
    }

    pub(super) fn unreadable(column: &'static str) -> Self {
        Self::saying(format!("{column} holds something that cannot be read"))
    }

    /// Whether it concerns the rows that were asked for, and not the whole database.
    pub(super) fn is_of_a_lock(&self) -> bool {
        self.of_a_lock
    }

    fn saying(said: String) -> Self {
        Self { said, of_a_lock: false }
    }

    fn of(error: &sqlx::Error) -> Self {
        let postgres: Option<&PgDatabaseError> =
            error.as_database_error().and_then(|e| e.try_downcast_ref());
        let Some(postgres) = postgres else { return Self::saying(error.to_string()) };
        // Not free in time, and deadlock.
        let of_a_lock = matches!(postgres.code(), "55P03" | "40P01");
        Self { said: without_values(postgres), of_a_lock }
    }
}

/// PostgreSQL quotes the value in errors about values (classes 22 and 23), and nowhere else.
fn without_values(error: &PgDatabaseError) -> String {
    let code = error.code();
    if code.starts_with("22") || code.starts_with("23") {
        return format!("error {code} {}", error.constraint().unwrap_or_default());
    }
    format!("error {code}: {}", error.message())
}

/// Whether the same query may succeed later. What stands before a server that is away may take a
/// call and end it at once: then what should have been the server's first words makes no sense.
fn may_pass(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(told) = error else {
        return matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
    };
    let code = told.code().unwrap_or_default();
    if told.try_downcast_ref::<SqliteError>().is_some() {
        // Busy, locked, out of memory, I/O error, disk full, cannot open; the low byte of the
        // extended code.
        let primary = code.parse::<i32>().map(|code| code & 0xff);
        return matches!(primary, Ok(5 | 6 | 7 | 10 | 13 | 14));
    }
    // Connection, resources, shutdown, a database that lets nobody in; then: cancelled by a
    // timeout, lock not free, conflict with another transaction, deadlock.
    ["08", "53", "57P0", "55000", "57014", "55P03", "40001", "40P01"]
        .iter()
        .any(|class| code.starts_with(class))
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let cause = Cause::of(&error);
        match error {
            sqlx::Error::Configuration(_) => Self::BadUrl(cause),
            _ if may_pass(&error) => Self::Unavailable(cause),
            _ => Self::Query(cause),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        let cause = match error {
            MigrateError::VersionMissing(_) => return Self::NewerSchema,
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => cause,
            other => return Self::Migration(Cause::saying(other.to_string())),
        };
        if may_pass(&cause) {
            return Self::Unavailable(Cause::of(&cause));
        }
        Self::Migration(Cause::of(&cause))
    }
}
