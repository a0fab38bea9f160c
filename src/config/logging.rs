//! What is logged, and how it looks.

use clap::{Args, ValueEnum};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One object a line, for machines
    Json,
}

#[derive(Args, Clone, Debug)]
pub struct LoggingSettings {
    /// What is logged: error, warn, info, debug, trace or off, or directives such as `info,sqlx=debug`
    #[arg(id = "log",
        long = "log",
        env = "AVENPING_LOG",
        default_value = "info",
        value_parser = parse_filter,
        value_name = "FILTER",
        global = true
    )]
    pub filter: String,

    /// How a log line looks
    #[arg(
        id = "log-format",
        long = "log-format",
        env = "AVENPING_LOG_FORMAT",
        value_enum,
        default_value = "text",
        value_name = "FORMAT",
        global = true
    )]
    pub format: LogFormat,
}

fn parse_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "must be a level such as info, or directives".to_owned())
}
