//! Opens the store for a subcommand.

use anyhow::{Context as _, bail};

use super::CommonSettings;
use crate::store::{self, Keyring, Store, StoreError};

const NO_KEY: &str = "AVENPING_SECRET_KEY is not set. It seals what the database keeps secret. \
Make one with `avenping key generate`, keep it safe, and set it wherever the gateway runs";

/// The store, migrated, with keys that open all of it.
pub(super) async fn open(settings: &CommonSettings) -> anyhow::Result<Store> {
    ready(store::open(&settings.database, keyring(settings)?).await).await
}

/// The same, unless the database is yet to be made: whoever asks for what is in it has most
/// likely named the wrong one.
pub(super) async fn open_existing(settings: &CommonSettings) -> anyhow::Result<Store> {
    ready(store::open_existing(&settings.database, keyring(settings)?).await).await
}

fn keyring(settings: &CommonSettings) -> anyhow::Result<Keyring> {
    let keys = &settings.secret_keys.keys;
    if keys.is_empty() {
        bail!(NO_KEY);
    }
    Ok(Keyring::new(keys)?)
}

async fn ready(opened: Result<Store, StoreError>) -> anyhow::Result<Store> {
    let store = opened.context("cannot open the database (DATABASE_URL)")?;
    store.migrate().await.context("cannot migrate the database")?;
    store.check_keys().await.context("AVENPING_SECRET_KEY does not fit the database")?;
    Ok(store)
}
