//! `avenping key`

use std::ffi::OsString;
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;

use super::actor::actor;
use super::{CommonSettings, output, progress, store};
use crate::clock::Clock;
use crate::config::SecretKey;
use crate::store::{SealedRows, Store, StoreError};

#[derive(Subcommand, Debug)]
pub(super) enum Key {
    /// Print a fresh key for AVENPING_SECRET_KEY
    ///
    /// Keep it safe, and apart from backups of the database: without it the Meta tokens in there
    /// cannot be read, with it they can.
    #[command(after_help = "Example:
  export AVENPING_SECRET_KEY=$(avenping key generate)")]
    Generate,
    /// Seal everything with the new key, while servers run
    ///
    /// Set AVENPING_SECRET_KEY to the new key, a comma and the old one, here and for every server.
    /// Several servers get the old key, a comma and the new one before, so that each can open what
    /// another one seals. When this command has ended, the old key can go.
    #[command(after_help = "Example:
  AVENPING_SECRET_KEY=\"$new,$old\" avenping key rotate")]
    Rotate,
}

/// Rows sealed in one step: few enough that no sender waits for them.
const AT_ONCE: i64 = 500;
/// Between two steps, so that others get at the database.
const BREATH: Duration = Duration::from_millis(20);
/// Of tries of one step that find no way to the database; each waits for a second.
const PATIENCE: u32 = 30;

/// Seals with the first key of the settings whatever another one has sealed.
pub(super) async fn rotate(settings: &CommonSettings) -> anyhow::Result<()> {
    let store = store::open_existing(settings).await?;
    let mut done = SealedRows::default();
    let old = store.old_key_rows().await.context("cannot count what is to be sealed anew")?;
    let bar = progress::bar(count(old), "rows");
    loop {
        let sealed = step(&store).await.context("cannot seal everything anew")?;
        done += sealed;
        bar.set_position(count(done));
        if sealed.is_none() && store.old_key_rows().await?.is_none() {
            break;
        }
        tokio::time::sleep(BREATH).await;
    }
    bar.finish_and_clear();
    store.close().await;
    output::line(format_args!("sealed anew: {done}; nothing is sealed with an old key any more"))
}

fn count(rows: SealedRows) -> u64 {
    rows.accounts.saturating_add(rows.posts).try_into().unwrap_or_default()
}

/// Servers may keep the database so busy that nobody else gets at it for a while.
async fn step(store: &Store) -> Result<SealedRows, StoreError> {
    for _ in 0..PATIENCE {
        match store.rewrap_keys(AT_ONCE, &actor(), Clock::system().now()).await {
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(BREATH).await,
            sealed => return sealed,
        }
    }
    store.rewrap_keys(AT_ONCE, &actor(), Clock::system().now()).await
}

/// Prints a key and nothing else, so that it can be kept without being seen.
pub(super) fn generate() -> anyhow::Result<()> {
    let key = SecretKey::generate()?;
    output::once(key.to_base64().as_str()).context("cannot write to standard output")
}

/// Whether the program was called for nothing but a key. Then settings that do not parse stand
/// in nobody's way: the key may be just what is wrong with them.
pub(super) fn is_all_that_is_asked(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.eq(["key", "generate"])
}
