//! Where the program is installed: its settings, its log, and the accounts in its database.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::caller::Caller;
use crate::harness::Place;

/// Base64 of 32 bytes.
pub(crate) const SECRET_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub(crate) const META_TOKEN: &str = "EAAG-the-token-of-Meta";
pub(crate) const APP_SECRET: &str = "the-secret-of-the-app";
pub(crate) const WABA: &str = "102290129340398";

/// So short that what a killed process held is soon free again; and patient enough with a
/// customer who fails now and then.
const SETTINGS: &[(&str, &str)] = &[
    ("AVENPING_SECRET_KEY", SECRET_KEY),
    ("AVENPING_META_APP_SECRET", APP_SECRET),
    ("AVENPING_ALLOW_PRIVATE_WEBHOOKS", "true"),
    ("AVENPING_LOG_FORMAT", "json"),
    ("AVENPING_IDEMPOTENCY_LEASE", "3s"),
    ("AVENPING_GRAPH_SEND_TIMEOUT", "1500ms"),
    ("AVENPING_WEBHOOK_LEASE", "2s"),
    ("AVENPING_WEBHOOK_TIMEOUT", "1500ms"),
    ("AVENPING_WEBHOOK_CONNECT_TIMEOUT", "1s"),
    ("AVENPING_WEBHOOK_SLOW_RETRY", "200ms"),
];

pub(crate) struct Site {
    directory: TempDir,
    variables: Vec<(&'static str, String)>,
    most_nodes: usize,
}

impl Site {
    pub(crate) fn new(place: &Place, graph: &str) -> Self {
        let directory = TempDir::new().unwrap();
        // The nearest .env counts, so one that lies further up does not.
        std::fs::write(directory.path().join(".env"), "").unwrap();
        std::fs::write(directory.path().join("meta-token"), META_TOKEN).unwrap();
        let variables = SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let variables = variables.collect();
        let schedule = ["0s"].into_iter().chain(["300ms"; 49]).collect::<Vec<_>>().join(",");
        let most_nodes = if place.is_file() { 1 } else { 2 };
        let site = Self { directory, variables, most_nodes };
        site.with("DATABASE_URL", &place.url)
            .with("AVENPING_GRAPH_URL", graph)
            .with("AVENPING_WEBHOOK_RETRY_SCHEDULE", &schedule)
    }

    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.retain(|(name, _)| *name != variable);
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// With one node, whatever the database could have.
    pub(crate) fn alone(mut self) -> Self {
        self.most_nodes = 1;
        self
    }

    /// How many nodes it has: two, where the database can be shared.
    pub(crate) fn most_nodes(&self) -> usize {
        self.most_nodes
    }

    /// The program, with nothing of the environment that the tests run in. All that run here
    /// write one log.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_avenping"));
        program.args(arguments).current_dir(self.directory.path());
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        program.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        program
    }

    /// The program as a node that listens there.
    pub(crate) fn serve(&self, at: SocketAddr) -> Command {
        let mut serve = self.program(&["serve"]);
        serve.env("AVENPING_BIND", at.to_string());
        serve
    }

    /// Makes an account that may do everything.
    pub(crate) async fn account(&self, name: &str, number: &str) -> Caller {
        let email = format!("--email={name}@example.com");
        let phone = format!("--phone={number}=+15550783881");
        let waba = format!("--waba-id={WABA}");
        let mut create = self.program(&["account", "create", "--json", "--plan=Premium"]);
        create.args(["--plan-ends=2999-12-31", "--meta-token-file=meta-token"]);
        create.args(["--name", name, &email, &phone, &waba]);
        create.env("AVENPING_DATABASE_TIMEOUT", "60s");
        let created = tokio::task::spawn_blocking(move || create.output()).await.unwrap().unwrap();
        assert!(created.status.success(), "{}", self.log());
        let made: Value = serde_json::from_slice(&created.stdout).unwrap();
        Caller::new(made["token"].as_str().unwrap(), number)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

/// Of a case that failed, whatever the program had to complain of.
impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let told = log.lines().filter(|line| !line.contains(r#""level":"INFO""#));
            let told: Vec<_> = told.collect();
            eprintln!("{}", told[told.len().saturating_sub(30)..].join("\n"));
            if let Ok(path) = std::env::var("KEEP_LOG") {
                std::fs::write(path, log).unwrap();
            }
        }
    }
}
