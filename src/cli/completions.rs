//! `avenping completions`: what a shell needs to complete commands and flags.

use anyhow::Context as _;
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::{Cli, output};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  avenping completions bash > /etc/bash_completion.d/avenping
  avenping completions zsh > ~/.zfunc/_avenping
  avenping completions fish > ~/.config/fish/completions/avenping.fish")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_parser = clap::value_parser!(Shell))]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "avenping", &mut script);
        let script = String::from_utf8(script).context("the script is no text")?;
        output::line(script.trim_end())
    }
}
