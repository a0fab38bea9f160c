//! What a command shows to Meta.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use crate::graph::{Credentials, Errand};

/// No caller waits for the command, so only the limits of each read hold.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn of(token: &SecretString) -> Credentials<'_> {
    Credentials::new(token, Errand { until: Instant::now() + PATIENCE, trace: None })
}
