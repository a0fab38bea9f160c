//! What can go wrong in the store.

/// A failure of the store. It never carries a value that was to be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database URL must start with sqlite:// or postgres://")]
    UnknownDatabase,
    /// The email is taken, or the API token is somebody's already.
    #[error("{0} is already in use")]
    Taken(&'static str),
    /// The database is away, full, or too slow: the same call may succeed later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    #[error("the database was migrated by a newer version of the gateway")]
    NewerSchema,
    #[error("the migration failed: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The key that sealed a row is not among those of `AVENPING_SECRET_KEY`.
    #[error("a row is sealed with the key {0}, which AVENPING_SECRET_KEY does not hold")]
    MissingKey(String),
    #[error("a sealed value does not open: it was changed, or moved from another row")]
    Damaged,
    #[error("the system has no randomness to give")]
    NoRandomness,
    /// A query failed for a reason that will not go away by itself.
    #[error("the database refused: {0}")]
    Query(#[source] sqlx::Error),
}
