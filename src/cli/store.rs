//! Opens the store for a subcommand.

use anyhow::{Context as _, bail};

use super::CommonSettings;
use crate::store::{self, Keyring, Store};

const NO_KEY: &str = "AVENPING_SECRET_KEY is not set. It seals what the database keeps secret. \
Make one with `avenping key generate`, keep it safe, and set it wherever the gateway runs";

/// The store, migrated, with keys that open all of it.
pub(super) async fn open(settings: &CommonSettings) -> anyhow::Result<Store> {
    let keys = &settings.secret_keys.keys;
    if keys.is_empty() {
        bail!(NO_KEY);
    }
    let store = store::open(&settings.database, Keyring::new(keys)?).await;
    let store = store.context("cannot open the database (DATABASE_URL)")?;
    store.migrate().await.context("cannot migrate the database")?;
    store.check_keys().await.context("AVENPING_SECRET_KEY does not fit the database")?;
    Ok(store)
}
