//! What a warm send costs, counted and not timed: heap allocations, of a gateway in this process,
//! and system calls but for waiting, of the program itself. What a send that is written down asks of the system
//! depends on how many share a commit, and so on the disk; it is not judged. Neither count may
//! grow by more than a tenth over what `baseline.json` says; whoever makes a send cheaper, or
//! dearer for a good reason, writes the new numbers there.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a case that cannot go on has failed"
)]

mod allocations;
mod peers;
mod site;
mod system_calls;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

/// The settings under which a send is counted.
#[derive(Clone, Copy)]
struct Mode {
    name: &'static str,
    record: bool,
    keyed: bool,
}

const MODES: [Mode; 3] = [
    Mode { name: "no record", record: false, keyed: false },
    Mode { name: "recorded", record: true, keyed: false },
    Mode { name: "keyed", record: true, keyed: true },
];
const WARM_UP: u64 = 100;
const SENDS: u64 = 400;
/// What else the process does in the meantime only adds to the count: the least one counts.
const TRIES: u32 = 3;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each would be counted in with the other.
    arguments.test_threads = Some(1);
    let strace = system_calls::can_be_counted();
    let mut trials = Vec::new();
    for mode in MODES {
        trials.push(Trial::test(format!("allocations::{}", mode.name), move || {
            judge("allocations", mode, || allocations::of_a_send(mode))
        }));
    }
    trials.push(Trial::ignorable_test("system calls::no record", move || {
        if !strace {
            return Ok(Completion::ignored_with("strace is missing, or may not look"));
        }
        judge("systemCalls", MODES[0], || system_calls::of_a_send(MODES[0]))?;
        Ok(Completion::Completed)
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn judge(what: &str, mode: Mode, count: impl Fn() -> f64) -> Result<(), Failed> {
    let baseline: Value = serde_json::from_str(include_str!("baseline.json"))?;
    let most = baseline[what][mode.name].as_f64().ok_or("the baseline says nothing")? * 1.1;
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        least = least.min(count());
        if least <= most {
            eprintln!("{what} of a send, {}: {least:.1}, at most {most:.1}", mode.name);
            return Ok(());
        }
    }
    Err(format!("{what} of a send, {}: {least:.1}, and at most {most:.1}", mode.name).into())
}
