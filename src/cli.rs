//! The command line: one file a subcommand. It connects the rooms and holds no rules of theirs.

mod account;
mod actor;
mod audit;
mod completions;
mod credentials;
mod data_dir;
mod doctor;
mod env_file;
mod fresh_token;
mod graph_failure;
mod health;
mod http;
mod key;
mod listen;
mod logging;
mod migrate;
mod output;
mod postman;
mod progress;
mod redeliver;
mod sandbox;
mod secret_file;
mod send;
mod serve;
mod settings_error;
mod store;
mod target;
mod token;
mod which_account;

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{DatabaseSettings, GraphSettings, LoggingSettings, SecretKeys};

const EXAMPLES: &str = "Examples:
  avenping sandbox                                        all of it, without a Meta account
  avenping send text --to +15551234567 --text Hello       a message through that sandbox
  avenping doctor ada@example.com                         what is wrong, and what to do about it

Exit status: 0 when it is done; 1 when it failed, or a check did; 2 for flags, variables or a
.env file that cannot be read.";

/// A gateway in front of Meta's WhatsApp Cloud API that speaks AvenPing's API v2.
///
/// Settings are read from flags, from variables, and from a file named .env.
#[derive(Parser, Debug)]
#[command(name = "avenping", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    // Behind the options of the subcommand, which are looked for more often.
    #[command(flatten, next_help_heading = "Settings")]
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
    /// Print the deliveries of an account as they come, without a public address
    ///
    /// While it runs, the webhook settings of the account point to this machine; at the end they
    /// are put back. Each delivery is checked against its signature and answered with 200. The
    /// gateway must allow private addresses, as the one of `avenping sandbox` does.
    Listen(listen::Listen),
    /// Send a message through a gateway that runs, for a first try
    ///
    /// The token is that of the running sandbox in ./avenping-data, of --token-file, or of the
    /// variable AVENPING_API_TOKEN.
    #[command(subcommand)]
    Send(send::Send),
    /// Deliver the webhooks of a range of time once more
    Redeliver(redeliver::Redeliver),
    /// Make, show, change and delete accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Replace or stop the API tokens of an account
    #[command(subcommand)]
    Token(token::Token),
    /// Read who changed what, and check that nobody altered it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Make a secret key, or change to a new one
    #[command(subcommand)]
    Key(key::Key),
    /// Check settings, database, secret key, and the way to Meta
    ///
    /// Each check is a line: `ok`, `warn` for what may be meant, or `fail`, with what to do about it.
    /// The exit status is 1 if any check failed. Nothing is changed: a database that is missing or
    /// not migrated is told, not made.
    Doctor(doctor::Doctor),
    /// Bring the database up to date, and nothing else
    #[command(after_help = "Example:
  DATABASE_URL=postgres://avenping@localhost/avenping avenping migrate")]
    Migrate,
    /// Print what a shell needs to complete commands and flags
    Completions(completions::Completions),
    /// Make the Postman collection from the API document
    ///
    /// A folder for each group and a request for each route, with the documented example and what
    /// the answer must be, and an environment with baseUrl, token, phoneNumberId and to.
    Postman(postman::Postman),
    /// Ask a running gateway whether it lives: for container health checks
    Health(health::Health),
}

/// Runs the program. What goes wrong is said on standard error, in one line.
#[must_use]
pub fn main() -> ExitCode {
    if key::is_all_that_is_asked(std::env::args_os().skip(1)) {
        let made = key::generate();
        return made.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS);
    }
    let env_file = env_file::read();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return settings_error::tell(error),
    };
    let _guard = logging::start(&cli.settings.logging);
    let env_file = match env_file {
        Ok(path) => path,
        Err(error) => return failed(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(run(cli, env_file.as_deref())) {
        Ok(code) => code,
        Err(error) => failed(&error),
    }
}

async fn run(cli: Cli, env_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(serve) => serve.run(cli.settings).await?,
        Command::Sandbox(sandbox) => sandbox.run(cli.settings).await?,
        Command::Listen(listen) => listen.run().await?,
        Command::Account(account) => account.run(&cli.settings).await?,
        Command::Token(token) => token.run(&cli.settings).await?,
        Command::Audit(audit) => return audit.run(&cli.settings).await,
        Command::Key(key::Key::Generate) => key::generate()?,
        Command::Key(key::Key::Rotate) => key::rotate(&cli.settings).await?,
        Command::Doctor(doctor) => return doctor.run(cli.settings, env_file).await,
        Command::Migrate => migrate::run(&cli.settings).await?,
        Command::Send(send) => send.run().await?,
        Command::Redeliver(redeliver) => redeliver.run().await?,
        Command::Completions(completions) => completions.run()?,
        Command::Postman(postman) => postman.run()?,
        Command::Health(health) => return health.run().await,
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    output::complain(format_args!("error: {error:#}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Arg, Command, CommandFactory as _, Parser as _};

    use super::Cli;

    /// A command and all that are below it, each with how it is called.
    fn all(command: Command, above: &str) -> Vec<(String, Command)> {
        let path = format!("{above} {}", command.get_name());
        let below: Vec<_> =
            command.get_subcommands().flat_map(|below| all(below.clone(), &path)).collect();
        [(path, command)].into_iter().chain(below).collect()
    }

    /// How the table of the settings begins the row of one.
    fn row(setting: &Arg) -> Option<String> {
        let name = setting.get_env()?.to_string_lossy();
        let flag = setting.get_long().filter(|_| !setting.is_hide_set());
        let flag = flag.map_or(String::new(), |flag| format!("`--{flag}` "));
        let defaults = setting.get_default_values();
        let default = defaults
            .first()
            .map_or(String::new(), |default| format!(" `{}` |", default.to_string_lossy()));
        Some(format!("\n| `{name}` | {flag}|{default}"))
    }

    #[test]
    fn every_setting_stands_in_the_table_with_its_flag_and_default() {
        let commands = all(Cli::command(), "");
        let settings = commands.iter().flat_map(|(_, command)| command.get_arguments());
        let rows: BTreeSet<_> = settings.filter_map(row).collect();
        let page = include_str!("../docs/settings.md");
        let missing: Vec<_> = rows.iter().filter(|row| !page.contains(row.as_str())).collect();
        assert!(missing.is_empty(), "{missing:#?}");

        let names: BTreeSet<_> = rows.iter().filter_map(|row| row.split('`').nth(1)).collect();
        assert!(names.len() > 40, "only {}", names.len());
        let told = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let told: BTreeSet<_> = told.collect();
        assert_eq!(told, names);
    }

    #[test]
    fn every_command_has_examples_that_it_understands() {
        for (path, command) in all(Cli::command(), "") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example") || command.has_subcommands(), "{path} has none");
            // What the shell puts there.
            let help = help.replace("\"$(cat noted)\"", &format!("1:{}", "0".repeat(64)));
            let help = help.replace("\\\n    ", "");
            for line in help.lines().filter(|line| line.starts_with("  ")) {
                // Behind the command stands what it does, or what takes its output.
                let call = line.trim_start().split("   ").next().unwrap_or_default();
                let (_, words) = call.rsplit_once("avenping ").unwrap_or_default();
                let words = words.trim_end_matches(')');
                let words = words.split_whitespace().take_while(|word| !["|", ">"].contains(word));
                let parsed = Cli::try_parse_from(["avenping"].into_iter().chain(words));
                assert!(parsed.is_ok(), "{line}: {parsed:?}");
            }
        }
    }
}
