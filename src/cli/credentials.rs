//! What a command shows to Meta.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use crate::graph::{Credentials, Errand};
use crate::model::Account;

/// No caller waits for the command, so only the limits of each read hold.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn of<'a>(account: &'a Account, token: &'a SecretString) -> Credentials<'a> {
    let errand = Errand { until: Instant::now() + PATIENCE, trace: None, version: None };
    Credentials::new(&account.id, token, errand)
}
