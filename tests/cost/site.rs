//! A directory with the database of one gateway, made by the program as anybody would make it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::Mode;
use crate::peers;

pub(crate) const KEY: &str = "AVENPING_SECRET_KEY";

pub(crate) struct Site {
    pub(crate) token: String,
    pub(crate) secret_key: String,
    meta: SocketAddr,
    directory: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_avenping")).args(["key", "generate"]).output();
        let secret_key = String::from_utf8(made.unwrap().stdout).unwrap().trim().to_owned();
        let meta = peers::meta();
        let mut site = Self { token: String::new(), secret_key, meta, directory };
        let meta_token = site.directory.path().join("meta-token");
        std::fs::write(&meta_token, "EAAG-a-token").unwrap();
        let account = ["account", "create", "--json", "--name", "Ada", "--email", "a@example.com"];
        let plan = ["--plan", "Premium", "--plan-ends", "2099-12-31"];
        let linked = ["--waba-id", "102290129340398", "--phone", "106540352242922=+15550783881"];
        let mut create = site.program();
        create.args(account).args(plan).args(linked).arg("--meta-token-file").arg(meta_token);
        let created = create.output().unwrap();
        let created: Value = serde_json::from_slice(&created.stdout).unwrap();
        created["token"].as_str().unwrap().clone_into(&mut site.token);
        site
    }

    pub(crate) fn database_url(&self) -> String {
        format!("sqlite://{}", self.directory.path().join("cost.db").display())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program, told where the database is and nothing else.
    pub(crate) fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_avenping"));
        program.current_dir(self.directory.path()).env_clear();
        program.env("DATABASE_URL", self.database_url()).env(KEY, &self.secret_key);
        program
    }

    /// Where it listens, whom it asks, and how it is counted.
    pub(crate) fn settings(&self, mode: Mode) -> [String; 3] {
        [
            "--bind=127.0.0.1:0".to_owned(),
            format!("--graph-url=http://{}", self.meta),
            format!("--record-messages={}", mode.record),
        ]
    }
}
