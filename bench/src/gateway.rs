//! The gateway under test: its database, its account, and how it is started.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tempfile::{NamedTempFile, TempDir};

use crate::Options;
use crate::process::{Process, free_port, pinned};
use crate::server::Aside;

pub const NUMBER: &str = "106540352242922";
pub const WABA: &str = "102290129340398";
/// What Meta signs with here.
pub const APP_SECRET: &str = "the-secret-of-the-app";

/// Where a gateway keeps what it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    Sqlite,
    /// On this server.
    Postgres(String),
}

/// An installation: a database with one account, and its token.
pub struct Installation {
    program: PathBuf,
    directory: TempDir,
    pub database_url: String,
    secret_key: String,
    pub token: String,
    pub account: String,
    /// A database to drop at the end, and the server that it is on.
    lent: Option<(String, String)>,
    _aside: Option<Aside>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    account_id: String,
    token: String,
}

impl Installation {
    pub fn new(options: &Options, storage: &Storage) -> anyhow::Result<Self> {
        Self::of(&options.program, storage)
    }

    /// For another build of the program.
    pub fn of(program: &Path, storage: &Storage) -> anyhow::Result<Self> {
        let program = fs::canonicalize(program)
            .with_context(|| format!("{} is missing: deploy/build makes it", program.display()))?;
        let directory = TempDir::new()?;
        let (database_url, lent) = match storage {
            Storage::Sqlite => {
                (format!("sqlite://{}", directory.path().join("bench.db").display()), None)
            }
            Storage::Postgres(server) => {
                let name = format!("bench_{}", hex::encode(random::<6>()?));
                psql(server, &format!("CREATE DATABASE {name}"))?;
                let (before, _) = server.rsplit_once('/').context("the server has no database")?;
                (format!("{before}/{name}"), Some((server.clone(), name)))
            }
        };
        let key = Command::new(&program).args(["key", "generate"]).output()?;
        let secret_key = String::from_utf8(key.stdout)?.trim().to_owned();
        let mut installation = Self {
            program,
            directory,
            database_url,
            secret_key,
            token: String::new(),
            account: String::new(),
            _aside: lent.as_ref().map(|(_, name)| Aside::keep(name.clone())),
            lent,
        };
        let created = installation.create_account("ada@example.com", NUMBER, WABA)?;
        installation.token = created.token;
        installation.account = created.account_id;
        Ok(installation)
    }

    fn create_account(&self, email: &str, number: &str, waba: &str) -> anyhow::Result<Created> {
        let token = self.directory.path().join("meta-token");
        fs::write(&token, "EAAG-bench-token")?;
        let phone = format!("{number}=+15550783881");
        let arguments = ["account", "create", "--json", "--name", "Ada", "--email", email];
        let made = self
            .command()
            .args(arguments)
            .args(["--plan", "Premium", "--plan-ends", "2099-12-31", "--waba-id", waba])
            .args(["--phone", &phone, "--meta-token-file"])
            .arg(&token)
            .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Ok(serde_json::from_slice(&made.stdout)?)
    }

    /// The program, told where the database is.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        self.environment(&mut command);
        command
    }

    /// Starts it on the core of peers, in front of `upstream`, with more settings.
    pub async fn start(&self, upstream: u16, settings: &[(&str, &str)]) -> anyhow::Result<Process> {
        self.start_as(pinned(&self.program), upstream, settings).await
    }

    /// The same, run by `command`, which is given the arguments.
    pub async fn start_as(
        &self,
        mut command: Command,
        upstream: u16,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Process> {
        let port = free_port()?;
        self.environment(&mut command);
        command
            .arg("serve")
            .env("AVENPING_BIND", format!("127.0.0.1:{port}"))
            .env("AVENPING_GRAPH_URL", format!("http://127.0.0.1:{upstream}"))
            .env("AVENPING_META_APP_SECRET", APP_SECRET)
            .env("AVENPING_DRAIN_TIMEOUT", "1s")
            .env("AVENPING_ALLOW_PRIVATE_WEBHOOKS", "true")
            .envs(settings.iter().copied())
            .stderr(File::create(self.directory.path().join("log"))?);
        Process::start(command, port).await
    }

    /// Nothing that is set around us is set for it.
    fn environment(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"AVENPING_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.directory.path())
            .env("DATABASE_URL", &self.database_url)
            .env("AVENPING_SECRET_KEY", &self.secret_key);
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs SQL on its database.
    pub fn sql(&self, statements: &str) -> anyhow::Result<()> {
        match &self.lent {
            Some(_) => psql(&self.database_url, statements),
            None => sqlite(&self.path().join("bench.db"), statements),
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.lent
            && let Err(error) = psql(server, &format!("DROP DATABASE {name} WITH (FORCE)"))
        {
            eprintln!("the database {name} stays behind: {error}");
        }
    }
}

fn psql(server: &str, statement: &str) -> anyhow::Result<()> {
    let mut psql = Command::new("psql");
    psql.args([server, "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement]);
    succeed(&mut psql, "psql")
}

/// Python brings SQLite along; its own command line is often missing. What is to run may be longer
/// than an argument can be.
fn sqlite(file: &Path, statements: &str) -> anyhow::Result<()> {
    let script = "import sqlite3, sys\n\
                  db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                  db.executescript(open(sys.argv[2]).read())\n";
    let mut written = NamedTempFile::new()?;
    written.write_all(statements.as_bytes())?;
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(file).arg(written.path());
    succeed(&mut python, "python3")
}

fn succeed(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let done = command.output().with_context(|| format!("{name} is missing"))?;
    ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(bytes)
}
