//! The way to Meta, without an account.

use super::Report;
use crate::cli::graph_failure::Advice;
use crate::graph::Graph;

pub(super) async fn check(report: &mut Report, graph: &Graph) {
    const CHECK: &str = "Graph";
    match graph.reach().await {
        Ok(status) if status < 500 => report.ok(CHECK, format!("answers (HTTP {status})")),
        Ok(status) => {
            report.warn(CHECK, format!("answers HTTP {status}"), "try again in a while");
        }
        Err(failure) => {
            let Advice { happened, fix } = Advice::on_the_way(&failure);
            report.fail(CHECK, happened, fix);
        }
    }
}
