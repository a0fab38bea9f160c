//! Whom the gateway is measured against.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::process::{Process, free_port, pinned};

/// nginx as a plain proxy: it looks at nothing and passes the bytes on.
pub struct Nginx {
    pub process: Process,
    _directory: TempDir,
}

impl Nginx {
    pub async fn start(upstream: u16) -> anyhow::Result<Self> {
        let directory = TempDir::new()?;
        let port = free_port()?;
        let home = directory.path().display().to_string();
        let settings = include_str!("../peers/nginx.conf")
            .replace("@HOME@", &home)
            .replace("@PORT@", &port.to_string())
            .replace("@UPSTREAM@", &upstream.to_string());
        let file = directory.path().join("nginx.conf");
        fs::write(&file, settings)?;
        let mut program = pinned("nginx");
        program.arg("-p").arg(&home).arg("-c").arg(&file).args(["-e", "stderr"]);
        program.stderr(Stdio::null());
        let process = Process::start(program, port).await.context("nginx")?;
        Ok(Self { process, _directory: directory })
    }
}

/// `send/text` once more, as a good Node service would do it: Fastify and undici. It checks the
/// token and the fields, and records nothing.
pub async fn fastify(upstream: u16, token: &str) -> anyhow::Result<Process> {
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/fastify"));
    if !home.join("node_modules").exists() {
        let installed = Command::new("npm").args(["ci", "--silent"]).current_dir(home).output()?;
        ensure!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    }
    let port = free_port()?;
    let mut program = pinned("node");
    program
        .arg(home.join("server.js"))
        .env("PORT", port.to_string())
        .env("UPSTREAM", format!("http://127.0.0.1:{upstream}"))
        .env("TOKEN", token)
        .env("NODE_ENV", "production");
    Process::start(program, port).await.context("node")
}
