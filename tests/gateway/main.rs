//! The promises to callers, each tried from outside: a whole gateway on a real store, asked over
//! HTTP, with a stand-in for Meta behind it. On SQLite, and once more on PostgreSQL if
//! `TEST_DATABASE_URL` names a server where databases can be made. Without it those cases are
//! listed as ignored.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a case that cannot go on has failed"
)]

mod admission;
mod audit;
mod bodies;
mod chain;
mod composing;
mod destinations;
mod dispatch;
mod docs;
mod document;
mod downloads;
mod failed_auth;
mod failed_reads;
mod failed_sends;
mod forms;
mod harness;
mod host_breakers;
mod hostile_bodies;
mod hostile_heads;
mod hostile_paths;
mod inbound;
mod keyed;
mod kind_limits;
mod kinds;
mod limits;
mod logs;
mod marks;
mod memory;
mod metrics;
mod metrics_labels;
mod metrics_refusals;
mod metrics_webhooks;
mod number_breakers;
mod rate_limits;
mod readiness;
mod records;
mod refusals;
mod retention;
#[path = "../store/server.rs"]
mod server;
mod service;
mod serving;
mod stopping;
mod template_changes;
mod template_checks;
mod template_lists;
mod template_sends;
mod token_breakers;
mod tokens;
mod traces;
mod uploads;
mod webhook_settings;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};

use harness::Case;
use server::Server;

const PROMISES: &[(&str, &[Case])] = &[
    ("admission", admission::CASES),
    ("audit", audit::CASES),
    ("chain", chain::CASES),
    ("composing", composing::CASES),
    ("destinations", destinations::CASES),
    ("dispatch", dispatch::CASES),
    ("docs", docs::CASES),
    ("document", document::CASES),
    ("downloads", downloads::CASES),
    ("failed_auth", failed_auth::CASES),
    ("failed_reads", failed_reads::CASES),
    ("failed_sends", failed_sends::CASES),
    ("forms", forms::CASES),
    ("host_breakers", host_breakers::CASES),
    ("hostile_bodies", hostile_bodies::CASES),
    ("hostile_heads", hostile_heads::CASES),
    ("hostile_paths", hostile_paths::CASES),
    ("inbound", inbound::CASES),
    ("keyed", keyed::CASES),
    ("kind_limits", kind_limits::CASES),
    ("kinds", kinds::CASES),
    ("limits", limits::CASES),
    ("logs", logs::CASES),
    ("memory", memory::CASES),
    ("rate_limits", rate_limits::CASES),
    ("metrics", metrics::CASES),
    ("metrics_labels", metrics_labels::CASES),
    ("metrics_refusals", metrics_refusals::CASES),
    ("metrics_webhooks", metrics_webhooks::CASES),
    ("number_breakers", number_breakers::CASES),
    ("marks", marks::CASES),
    ("readiness", readiness::CASES),
    ("records", records::CASES),
    ("refusals", refusals::CASES),
    ("retention", retention::CASES),
    ("service", service::CASES),
    ("serving", serving::CASES),
    ("stopping", stopping::CASES),
    ("template_changes", template_changes::CASES),
    ("template_checks", template_checks::CASES),
    ("template_lists", template_lists::CASES),
    ("template_sends", template_sends::CASES),
    ("token_breakers", token_breakers::CASES),
    ("tokens", tokens::CASES),
    ("traces", traces::CASES),
    ("uploads", uploads::CASES),
    ("webhook_settings", webhook_settings::CASES),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The cases wait for sockets most of the time.
    arguments.test_threads.get_or_insert(8);
    let server = Server::from_env().map(Arc::new);
    if server.is_none() && !arguments.list {
        eprintln!("\nPostgreSQL is LEFT OUT: TEST_DATABASE_URL is not set");
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
