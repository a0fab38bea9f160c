//! When the gateway stops calling what keeps failing, and for how long.

use clap::Args;

use super::Period;

#[derive(Args, Clone, Copy, Debug)]
pub struct BreakerSettings {
    /// How many failures in a row open a breaker
    #[arg(
        id = "breaker-failures",
        long = "breaker-failures",
        env = "AVENPING_BREAKER_FAILURES",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..),
        value_name = "COUNT",
        global = true
    )]
    pub failures: u32,

    /// How long a breaker stays open before one call may try; it doubles with each that fails, up
    /// to three times this
    #[arg(
        id = "breaker-open",
        long = "breaker-open",
        env = "AVENPING_BREAKER_OPEN",
        default_value = "5s",
        value_name = "PERIOD",
        global = true
    )]
    pub open: Period,

    /// How long a Meta token that Graph refused is not shown again; another token is tried at once
    #[arg(
        id = "breaker-token-open",
        long = "breaker-token-open",
        env = "AVENPING_BREAKER_TOKEN_OPEN",
        default_value = "30s",
        value_name = "PERIOD",
        global = true
    )]
    pub token_open: Period,
}
