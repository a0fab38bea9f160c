//! What customers are promised about their webhooks, tried on both databases with receivers that
//! behave in every way. PostgreSQL takes part if `TEST_DATABASE_URL` names a server.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a case that cannot go on has failed"
)]

mod api;
mod attempts;
mod endpoints;
#[path = "../store/fixtures.rs"]
#[expect(dead_code, reason = "the suite of the store uses more of it")]
mod fixtures;
#[path = "../store/harness.rs"]
#[expect(dead_code, reason = "the suite of the store uses more of it")]
mod harness;
mod nodes;
mod receiver;
#[path = "../store/server.rs"]
mod server;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Trial};

use harness::Case;

const CASES: &[(&str, &[Case])] = &[
    ("api", api::CASES),
    ("attempts", attempts::CASES),
    ("endpoints", endpoints::CASES),
    ("nodes", nodes::CASES),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let server = server::Server::from_env().map(Arc::new);
    let mut trials = Vec::new();
    for (group, cases) in CASES {
        for case in *cases {
            let name = case.name;
            trials.push(Trial::test(format!("sqlite::{group}::{name}"), || {
                harness::run(case, None);
                Ok(())
            }));
            let server = server.clone();
            trials.push(Trial::ignorable_test(format!("postgres::{group}::{name}"), move || {
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

/// Asks again until the answer is yes. It gives up long after any promise would be broken, and
/// says what it waited for.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let give_up = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < give_up, "it never came to be: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
