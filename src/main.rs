//! The program `avenping`. See [`avenping_gateway::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

// A send allocates a hundred times, and buffers among that; the system's takes a fifth of all
// instructions for it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    avenping_gateway::cli::main()
}
