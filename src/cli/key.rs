//! `avenping key`

use std::ffi::OsString;

use anyhow::Context as _;
use clap::Subcommand;

use super::output;
use crate::config::SecretKey;

#[derive(Subcommand, Debug)]
pub(super) enum Key {
    /// Print a fresh key for AVENPING_SECRET_KEY
    ///
    /// Keep it safe, and apart from backups of the database: without it the Meta tokens in there
    /// cannot be read, with it they can.
    Generate,
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
