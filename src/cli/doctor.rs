//! `avenping doctor`: what is wrong, and how to put it right. It changes nothing.

mod account;
mod audit;
mod graph;
mod report;
mod settings;
mod store;

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::CommonSettings;
use crate::clock::Clock;
use crate::config::{ListenerSettings, WebhookSettings};
use crate::graph::Graph;
use crate::metrics::Upstream;
use crate::traces::Traces;
use report::Report;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  avenping doctor
  avenping doctor ada@example.com --json")]
pub(super) struct Doctor {
    /// The id or email of an account: its plan, its Meta token and its phone numbers are checked
    #[arg(value_name = "ACCOUNT")]
    account: Option<String>,

    /// Print one JSON object: ok, and the checks
    #[arg(long)]
    json: bool,

    /// The settings of `serve`, so that one which does not parse is found here too
    #[command(flatten, next_help_heading = "Settings of the gateway")]
    listener: ListenerSettings,

    #[command(flatten, next_help_heading = "Settings of the gateway")]
    webhooks: WebhookSettings,
}

impl Doctor {
    pub(super) async fn run(
        self,
        settings: CommonSettings,
        env_file: Option<&Path>,
    ) -> anyhow::Result<ExitCode> {
        let mut report = Report::default();
        settings::check(&mut report, &settings, &self.listener, env_file);
        let store = store::check(&mut report, &settings).await;
        if let Some(store) = &store {
            audit::check(&mut report, store).await;
        }
        let (clock, metrics) = (Clock::system(), Upstream::default());
        let graph = Graph::new(settings.graph, clock, metrics, Traces::default())?;
        match (&self.account, &store) {
            (None, _) => graph::check(&mut report, &graph).await,
            (Some(which), Some(store)) => account::check(&mut report, store, &graph, which).await,
            (Some(_), None) => {
                let fix = "put right what is wrong above, then ask again";
                report.fail("account", "cannot be looked at".to_owned(), fix);
                graph::check(&mut report, &graph).await;
            }
        }
        if let Some(store) = store {
            store.close().await;
        }
        report.tell(self.json)?;
        Ok(if report.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
