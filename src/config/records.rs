//! What is remembered of what was sent, and for how long.

use std::time::Duration;

use clap::Args;

use super::Period;

/// Meta may tell for seven days what became of a message, and so long a send whose outcome is
/// unknown waits for that.
const LEAST_RETENTION: Duration = Duration::from_hours(8 * 24);

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

    /// How long the record of a message is kept; at least 8d
    #[arg(
        long = "message-retention",
        env = "AVENPING_MESSAGE_RETENTION",
        default_value = "90d",
        value_parser = parse_retention,
        value_name = "PERIOD"
    )]
    pub message_retention: Period,
}

fn parse_retention(text: &str) -> Result<Period, String> {
    let period: Period = text.parse()?;
    if period.get() < LEAST_RETENTION {
        return Err("must be at least 8d: until then Meta may tell what became of a message".into());
    }
    Ok(period)
}

#[cfg(test)]
mod tests {
    use super::parse_retention;

    #[test]
    fn a_record_outlives_what_meta_may_still_tell_of_it() {
        assert!(parse_retention("8d").is_ok() && parse_retention("90d").is_ok());
        for short in ["7d 23h", "1h", "0s", "90", ""] {
            assert!(parse_retention(short).is_err(), "{short}");
        }
    }
}
