//! Where the store is.

use clap::Args;

use super::Period;

#[derive(Args, Clone, Debug)]
pub struct DatabaseSettings {
    /// The store: sqlite://FILE, or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        id = "database-url",
        long = "database-url",
        env = "DATABASE_URL",
        default_value = "sqlite://avenping.db",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub url: String,

    /// How long a query may take
    #[arg(
        id = "database-timeout",
        long = "database-timeout",
        env = "AVENPING_DATABASE_TIMEOUT",
        default_value = "5s",
        value_name = "PERIOD",
        global = true
    )]
    pub timeout: Period,
}
