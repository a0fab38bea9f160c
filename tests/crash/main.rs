//! The promises for when things go wrong, each tried on the built program: it is killed, told to
//! stop, cut off from its database, left alone by its callers. On SQLite, and once more on
//! PostgreSQL if `TEST_DATABASE_URL` names a server where databases can be made. Without it those
//! cases are listed as ignored.
//!
//! Chance decides when a blow falls and what Graph and the customers make of a call. The seed is
//! printed, and `CRASH_SEED` repeats it, as far as a machine repeats itself. A plain run is short;
//! `CRASH_ROUNDS=200` makes it long.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a case that cannot go on has failed"
)]

mod caller;
mod callers;
mod chance;
mod customer;
mod database;
mod graph;
#[path = "../store/harness.rs"]
#[expect(dead_code, reason = "the suite of the store uses more of it")]
mod harness;
mod keyed;
mod load;
mod meta;
mod nodes;
mod port;
mod program;
mod proxy;
#[path = "../delivery/receiver.rs"]
#[expect(dead_code, reason = "the suite of webhooks uses more of it")]
mod receiver;
mod receivers;
mod secrets;
#[path = "../store/server.rs"]
mod server;
mod shortage;
mod site;
mod stopping;
mod webhooks;
#[path = "../gateway/harness/wire.rs"]
#[expect(dead_code, reason = "the suite of the gateway uses more of it")]
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Trial};
use tokio::sync::Semaphore;

use harness::Case;
use server::Server;

const PROMISES: &[(&str, &[Case])] = &[
    ("webhooks", webhooks::CASES),
    ("keyed", keyed::CASES),
    ("callers", callers::CASES),
    ("stopping", stopping::CASES),
    ("database", database::CASES),
    ("receivers", receivers::CASES),
    ("secrets", secrets::CASES),
    ("shortage", shortage::CASES),
];

/// Two nodes may take 34 connections, and a server gives away 100, unless it is told otherwise.
static ROOM_ON_THE_SERVER: Semaphore = Semaphore::const_new(2);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(4);
    let server = Server::from_env().map(Arc::new);
    if !arguments.list {
        eprintln!("\nCRASH_SEED={} CRASH_ROUNDS={}", chance::seed(), chance::rounds());
        if server.is_none() {
            eprintln!("PostgreSQL is LEFT OUT: TEST_DATABASE_URL is not set");
        }
    }

    let mut trials = Vec::new();
    for (promise, cases) in PROMISES {
        for case in *cases {
            let name = case.name;
            trials.push(Trial::test(format!("sqlite::{promise}::{name}"), || {
                harness::run(case, None);
                Ok(())
            }));
            let server = server.clone();
            trials.push(Trial::ignorable_test(format!("postgres::{promise}::{name}"), move || {
                let Some(server) = server else {
                    return Ok(Completion::ignored_with("TEST_DATABASE_URL is not set"));
                };
                let _room = harness::runtime().block_on(ROOM_ON_THE_SERVER.acquire()).unwrap();
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
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let give_up = tokio::time::Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < give_up, "it never came to be: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
