//! `avenping migrate`

use anyhow::Context as _;

use super::{CommonSettings, output};
use crate::config::SecretKey;
use crate::store::{self, Keyring};

/// Needs no secret key: nothing is sealed or opened.
pub(super) async fn run(settings: &CommonSettings) -> anyhow::Result<()> {
    let keyring = Keyring::new(&[SecretKey::generate()?])?;
    let store = store::open(&settings.database, keyring).await;
    let store = store.context("cannot open the database (DATABASE_URL)")?;
    store.migrate().await.context("cannot migrate the database")?;
    store.close().await;
    output::line("the database is up to date")
}
