//! What is remembered of what was sent, and for how long.

use clap::Args;

use super::Period;

#[derive(Args, Clone, Debug)]
pub struct RecordSettings {
    /// Keep a record of each message; without it only sends with an Idempotency-Key leave one
    #[arg(
        id = "record-messages",
        long = "record-messages",
        env = "AVENPING_RECORD_MESSAGES",
        default_value_t = true,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub record_messages: bool,

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
