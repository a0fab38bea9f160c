//! What the gateway remembers: one trait per noun, kept by SQLite and by PostgreSQL alike.
//!
//! The sentences on the traits are promises. Each has its case in `tests/store/`, which runs on
//! both databases. What must happen together is one method; what belongs to an account is always
//! looked up with the account's id.

pub mod accounts;
pub mod api_tokens;
pub mod audit;
mod commit_groups;
pub mod deliveries;
mod error;
pub mod flows;
pub mod inbound;
mod intake;
mod keyring;
pub mod messages;
mod metered;
pub mod nodes;
mod postgres;
mod recipients;
mod rows;
mod schema;
pub mod sends;
mod sql;
mod sqlite;
mod statuses;
mod text;
pub mod upkeep;
pub mod webhooks;
mod work;

use std::sync::Arc;
use std::time::Duration;

pub use accounts::{AccountChange, Accounts, TokenHolder};
pub use api_tokens::ApiTokens;
pub use audit::{Audit, AuditChain, AuditHead, ChainFault};
pub use deliveries::{
    AttemptEnd, AttemptEnding, ClaimedDelivery, Deliveries, Endpoint, EndpointHealth,
};
pub use error::{Cause, StoreError};
pub use flows::Flows;
pub use inbound::{Arrival, Contact, Inbound, InboundPost, InboundRoute, Keep, TakenIn};
pub use keyring::Keyring;
pub use messages::{MessageFilter, MessagePage, Messages};
pub use nodes::Nodes;
pub use sends::{Claimed, Ending, SendClaim, SendEnd, Sends, StoredReply};
pub use upkeep::{SealedRows, Upkeep};
pub use webhooks::Webhooks;

use crate::config::DatabaseSettings;
use crate::metrics::Operations;

/// How long a caller waits for a free connection, and a query for a lock, where nothing else is said.
const WAIT: Duration = Duration::from_secs(1);

/// All nouns of one database.
pub trait Database:
    Accounts
    + ApiTokens
    + Audit
    + Deliveries
    + Flows
    + Inbound
    + Messages
    + Nodes
    + Sends
    + Webhooks
    + Upkeep
{
}

impl<T> Database for T where
    T: Accounts
        + ApiTokens
        + Audit
        + Deliveries
        + Flows
        + Inbound
        + Messages
        + Nodes
        + Sends
        + Webhooks
        + Upkeep
{
}

/// A handle to the database; clones share its connections.
pub type Store = Arc<dyn Database>;

/// Opens the database that the settings name. It is created (SQLite) but not migrated.
///
/// # Errors
/// When the URL names no known database, or the database cannot be reached.
pub async fn open(settings: &DatabaseSettings, keyring: Keyring) -> Result<Store, StoreError> {
    let scheme = settings.url.split(':').next().unwrap_or_default();
    match scheme {
        // Boxed, for the options of a SQLite connection are large, and it holds several.
        "sqlite" => Ok(Arc::new(Box::pin(sqlite::Sqlite::open(settings, keyring)).await?)),
        "postgres" | "postgresql" => {
            Ok(Arc::new(postgres::Postgres::open(settings, keyring).await?))
        }
        _ => Err(StoreError::UnknownDatabase),
    }
}

/// As [`open`], but a SQLite file that is not there is not created: [`StoreError::NoDatabase`].
///
/// # Errors
/// As [`open`].
pub async fn open_existing(
    settings: &DatabaseSettings,
    keyring: Keyring,
) -> Result<Store, StoreError> {
    if settings.url.starts_with("sqlite:") {
        sqlite::require_file(settings)?;
    }
    open(settings, keyring).await
}

/// The same store, its operations measured.
#[must_use]
pub fn metered(store: Store, metrics: Operations) -> Store {
    Arc::new(metered::Metered { store, metrics })
}

/// Gives up on `work` after `limit`, also when the database has stopped answering altogether.
async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable(Cause::late(limit));
    tokio::time::timeout(limit, work).await.map_err(late)?
}
