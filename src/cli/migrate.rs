//! `avenping migrate`

use anyhow::Context as _;

use super::CommonSettings;
use crate::config::SecretKey;
use crate::store::{self, Keyring};

/// Needs no secret key: nothing is sealed or opened.
#[expect(clippy::print_stdout, reason = "the answer of a command")]
pub(super) async fn run(settings: &CommonSettings) -> anyhow::Result<()> {
    let keyring = Keyring::new(&[SecretKey::generate()?])?;
    let store = store::open(&settings.database, keyring).await;
    let store = store.context("cannot open the database (DATABASE_URL)")?;
    store.migrate().await.context("cannot migrate the database")?;
    store.close().await;
    println!("the database is up to date");
    Ok(())
}
