//! The program `avenping`. See [`avenping_gateway::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    avenping_gateway::cli::main()
}
