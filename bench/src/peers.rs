//! Whom the gateway is measured against.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::process::{Process, free_port, pinned};

pub const AXUM_PROGRAM: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/target/release/avenping-bench-axum");

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

/// `send/text` by the libraries of the gateway, with nothing around it: what is behind its ratio is the
/// gateway's own, wherever it is measured. It is as such a service usually is: with the allocator of
/// the C library, and not laid out. `bench/run` compiles it.
pub async fn axum(upstream: u16, token: &str) -> anyhow::Result<Process> {
    axum_as(pinned(AXUM_PROGRAM), upstream, token).await
}

/// The same, run by `command`, which ends with [`AXUM_PROGRAM`].
pub async fn axum_as(command: Command, upstream: u16, token: &str) -> anyhow::Result<Process> {
    ensure!(Path::new(AXUM_PROGRAM).exists(), "{AXUM_PROGRAM} is missing: bench/run makes it");
    send_text(command, upstream, token).await.context("axum")
}

/// `send/text` once more, as a good Node service would do it: Fastify and undici. It checks the
/// token and the fields, and records nothing.
pub async fn fastify(upstream: u16, token: &str) -> anyhow::Result<Process> {
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/fastify"));
    if !home.join("node_modules").exists() {
        let installed = Command::new("npm").args(["ci", "--silent"]).current_dir(home).output()?;
        ensure!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    }
    let mut program = pinned("node");
    program.arg(home.join("server.js")).env("NODE_ENV", "production");
    send_text(program, upstream, token).await.context("node")
}

/// Starts somebody who is told what to know in the same way.
async fn send_text(mut program: Command, upstream: u16, token: &str) -> anyhow::Result<Process> {
    let port = free_port()?;
    program
        .env("PORT", port.to_string())
        .env("UPSTREAM", format!("http://127.0.0.1:{upstream}"))
        .env("TOKEN", token);
    Process::start(program, port).await
}
