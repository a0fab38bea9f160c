//! The promises of the store, each tried on SQLite, and on PostgreSQL if `TEST_DATABASE_URL`
//! names a server where databases can be made. Without it those cases are listed as ignored.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a case that cannot go on has failed"
)]

mod accounts;
mod api_tokens;
mod attempt_groups;
mod audit;
mod audit_chain;
mod breaker;
mod changes;
mod claims;
mod deliveries;
mod fixtures;
mod flows;
mod harness;
mod held_keys;
mod held_sends;
mod inbound;
mod leads;
mod messages;
mod nodes;
mod posts;
mod recipients;
mod rotation;
mod scale;
mod secrets;
mod send_groups;
mod sends;
mod server;
mod texts;
mod upkeep;
mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};

use harness::Case;
use server::Server;

const NOUNS: &[(&str, &[Case])] = &[
    ("accounts", accounts::CASES),
    ("api_tokens", api_tokens::CASES),
    ("attempt_groups", attempt_groups::CASES),
    ("audit", audit::CASES),
    ("audit_chain", audit_chain::CASES),
    ("breaker", breaker::CASES),
    ("changes", changes::CASES),
    ("claims", claims::CASES),
    ("deliveries", deliveries::CASES),
    ("flows", flows::CASES),
    ("held_sends", held_sends::CASES),
    ("held_keys", held_keys::CASES),
    ("inbound", inbound::CASES),
    ("leads", leads::CASES),
    ("messages", messages::CASES),
    ("recipients", recipients::CASES),
    ("rotation", rotation::CASES),
    ("nodes", nodes::CASES),
    ("scale", scale::CASES),
    ("secrets", secrets::CASES),
    ("send_groups", send_groups::CASES),
    ("sends", sends::CASES),
    ("texts", texts::CASES),
    ("upkeep", upkeep::CASES),
    ("webhooks", webhooks::CASES),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let server = Server::from_env().map(Arc::new);
    if server.is_none() && !arguments.list {
        eprintln!("\nPostgreSQL is LEFT OUT: TEST_DATABASE_URL is not set");
    }

    let mut trials = Vec::new();
    for (noun, cases) in NOUNS {
        for case in *cases {
            let name = case.name;
            trials.push(Trial::test(format!("sqlite::{noun}::{name}"), || {
                harness::run(case, None);
                Ok(())
            }));
            let server = server.clone();
            trials.push(Trial::ignorable_test(format!("postgres::{noun}::{name}"), move || {
                let Some(server) = server else {
                    return Ok(Completion::ignored_with("TEST_DATABASE_URL is not set"));
                };
                harness::run(case, Some(&server));
                Ok(Completion::Completed)
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(server) = server {
        harness::runtime().block_on(server.drop_databases());
    }
    conclusion.exit_code()
}
