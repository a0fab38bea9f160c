//! Whether a database has the migrations that this version of the gateway knows.

use sqlx::migrate::Migrator;

use super::StoreError;

/// Where sqlx writes down what it has applied.
pub(super) const TABLE: &str = "_sqlx_migrations";

pub(super) const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";

pub(super) fn check(known: &Migrator, applied: &[i64]) -> Result<(), StoreError> {
    if applied.iter().any(|version| !known.version_exists(*version)) {
        return Err(StoreError::NewerSchema);
    }
    let missing = known.iter().any(|migration| !applied.contains(&migration.version));
    if missing { Err(StoreError::OldSchema) } else { Ok(()) }
}
