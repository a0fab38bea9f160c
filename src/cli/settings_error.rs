//! Faults of flags and variables. One that came from a variable is told by the variable's name.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

use super::{Cli, output};

pub(super) fn tell(mut error: clap::Error) -> ExitCode {
    let argument = argument_of(&error);
    let variable = argument.as_ref().and_then(|argument| argument.get_env());
    let variable = variable.map(|name| name.to_string_lossy().into_owned());
    if argument.is_some_and(|argument| argument.is_hide_env_values_set()) {
        // What is wrong may be one letter of a secret.
        error.insert(ContextKind::InvalidValue, ContextValue::String("(hidden)".to_owned()));
    }
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if error.print().is_err() {
        return ExitCode::from(code);
    }
    if let Some(variable) = variable {
        output::complain(format_args!(
            "\nThe value is that of the flag, or of the variable {variable}."
        ));
    }
    ExitCode::from(code)
}

/// The argument that a fault is about.
fn argument_of(error: &clap::Error) -> Option<clap::Arg> {
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else { return None };
    let long = argument.strip_prefix("--")?.split([' ', '=']).next()?;
    let mut root = Cli::command();
    root.build();
    let commands = std::iter::once(&root).chain(root.get_subcommands());
    let mut arguments = commands.flat_map(clap::Command::get_arguments);
    arguments.find(|known| known.get_long() == Some(long)).cloned()
}
