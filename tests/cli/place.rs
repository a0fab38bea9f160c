//! A directory where the program runs, with a database and settings of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use avenping_gateway::config::DatabaseSettings;
use avenping_gateway::store::{self, Keyring, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::ended::{Ended, Made};

/// Base64 of 32 bytes.
pub(crate) const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub(crate) const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
pub(crate) const META_TOKEN: &str = "EAAsecretFromMeta";
pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const WABA: &str = "102290129340398";
pub(crate) const PHONE: &str = "106540352242922";

pub(crate) struct Place {
    directory: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        // The nearest .env counts, so one that lies further up does not.
        std::fs::write(directory.path().join(".env"), "").unwrap();
        let place = Self { directory, variables: Vec::new() };
        place.write("meta-token", &format!("{META_TOKEN}\n"));
        place.with("AVENPING_SECRET_KEY", KEY)
    }

    pub(crate) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.variables.retain(|(name, _)| *name != variable);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn has_database(&self) -> bool {
        self.path("avenping.db").exists()
    }

    /// The database, without the program in between.
    pub(crate) async fn store(&self) -> Store {
        let url = format!("sqlite://{}", self.path("avenping.db").display());
        let timeout = Duration::from_secs(30).into();
        let keyring = Keyring::new(&[KEY.parse().unwrap()]).unwrap();
        store::open_existing(&DatabaseSettings { url, timeout }, keyring).await.unwrap()
    }

    /// The program, in this place and with nothing of the environment that the tests run in.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_avenping"));
        program.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        program.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        program
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.program(arguments).output().unwrap())
    }

    pub(crate) fn run_with_stdin(&self, arguments: &[&str], input: &str) -> Ended {
        let mut program = self.program(arguments);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ended::from(child.wait_with_output().unwrap())
    }

    /// What a command that must succeed answers as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }

    /// Makes the account of Ada: Premium, with a WhatsApp account, a Meta token and a number.
    pub(crate) fn ada(&self) -> Made {
        let phone = format!("{PHONE}=+15550783881");
        self.account(&[
            "--name=Ada",
            "--email",
            ADA,
            "--plan=Premium",
            "--plan-ends=2999-12-31",
            "--waba-id",
            WABA,
            "--meta-token-file=meta-token",
            "--phone",
            &phone,
        ])
    }

    pub(crate) fn account(&self, options: &[&str]) -> Made {
        let made = self.json(&[&["account", "create", "--json"], options].concat());
        Made::from(&made)
    }
}
