//! A directory where the program runs, with a database and settings of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use avenping_gateway::config::DatabaseSettings;
use avenping_gateway::store::{self, Keyring, Store};
use serde_json::Value;
use tempfile::TempDir;

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

/// How a process ended, and all that it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) token: String,
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

impl Ended {
    pub(crate) fn json(&self) -> Value {
        self.assert_code(0);
        let lines: Vec<_> = self.stdout.lines().collect();
        assert_eq!(lines.len(), 1, "not one line: {self:?}");
        serde_json::from_str(lines[0]).unwrap()
    }

    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// It failed with `code`, said `words`, and answered nothing.
    pub(crate) fn assert_refused(&self, code: i32, words: &str) {
        self.assert_code(code);
        assert!(self.stderr.contains(words), "{words:?} is not in {self:?}");
        assert_eq!(self.stdout, "");
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.stdout.contains(words) || self.stderr.contains(words)
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl From<&Value> for Made {
    fn from(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { id: text("accountId"), token: text("token") }
    }
}
