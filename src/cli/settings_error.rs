//! Faults of flags and variables. One that came from a variable is told by the variable's name.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

use super::Cli;

#[expect(clippy::print_stderr, reason = "a fault of the command line is told there")]
pub(super) fn tell(error: &clap::Error) -> ExitCode {
    let variable = variable_of(error);
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if error.print().is_err() {
        return ExitCode::from(code);
    }
    if let Some(variable) = variable {
        eprintln!("\nThe value is that of the flag, or of the variable {variable}.");
    }
    ExitCode::from(code)
}

/// The variable behind the argument that a fault is about.
fn variable_of(error: &clap::Error) -> Option<String> {
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else { return None };
    let long = argument.strip_prefix("--")?.split([' ', '=']).next()?;
    let mut root = Cli::command();
    root.build();
    let commands = std::iter::once(&root).chain(root.get_subcommands());
    let mut arguments = commands.flat_map(clap::Command::get_arguments);
    let found = arguments.find(|known| known.get_long() == Some(long))?;
    Some(found.get_env()?.to_string_lossy().into_owned())
}
