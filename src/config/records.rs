//! How long what was sent is remembered.

use clap::Args;

use super::Period;

#[derive(Args, Clone, Debug)]
pub struct RecordSettings {
    /// How long a send with an Idempotency-Key may run before it counts as unknown; longer than
    /// a send may take
    #[arg(
        long = "idempotency-lease",
        env = "AVENPING_IDEMPOTENCY_LEASE",
        default_value = "40s",
        value_name = "PERIOD"
    )]
    pub idempotency_lease: Period,

    /// How long the record of a message is kept
    #[arg(
        long = "message-retention",
        env = "AVENPING_MESSAGE_RETENTION",
        default_value = "90d",
        value_name = "PERIOD"
    )]
    pub message_retention: Period,
}
