//! The command line: one file a subcommand. It connects the rooms and holds no rules of theirs.

mod health;
mod logging;
mod migrate;
mod sandbox;
mod serve;
mod settings_error;
mod store;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{DatabaseSettings, GraphSettings, LoggingSettings, SecretKeys};

/// A gateway in front of Meta's WhatsApp Cloud API that speaks AvenPing's API v2.
///
/// Settings are read from flags, from variables, and from a file named .env.
#[derive(Parser, Debug)]
#[command(name = "avenping", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    settings: CommonSettings,

    #[command(subcommand)]
    command: Command,
}

/// What every subcommand may need.
#[derive(Args, Clone, Debug)]
pub struct CommonSettings {
    #[command(flatten)]
    pub database: DatabaseSettings,

    #[command(flatten)]
    pub secret_keys: SecretKeys,

    #[command(flatten)]
    pub graph: GraphSettings,

    #[command(flatten)]
    pub logging: LoggingSettings,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the gateway
    Serve(serve::Serve),
    /// Try it all without a Meta account: the gateway with a stand-in for Meta
    Sandbox(sandbox::SandboxCommand),
    /// Bring the database up to date, and nothing else
    Migrate,
    /// Ask a running gateway whether it lives: for container health checks
    Health(health::Health),
}

/// Runs the program. What goes wrong is said on standard error, in one line.
#[must_use]
pub fn main() -> ExitCode {
    // Before any thread is there: it writes to the environment.
    let env_file = dotenvy::dotenv();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return settings_error::tell(&error),
    };
    let _guard = logging::start(&cli.settings.logging);
    if let Err(error) = env_file
        && !error.not_found()
    {
        return failed(&anyhow::anyhow!("the file .env cannot be read: {error}"));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(serve) => serve.run(cli.settings).await?,
        Command::Sandbox(sandbox) => sandbox.run(cli.settings).await?,
        Command::Migrate => migrate::run(&cli.settings).await?,
        Command::Health(health) => return health.run().await,
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "the program's own last words")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
