//! `avenping serve`, with a database of its own and one account in it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const META_TOKEN: &str = "EAAsecretFromMeta";
pub(crate) const API_TOKEN: &str = "a-token-that-a-caller-has-had-for-long";
/// Base64 of 32 bytes.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub(crate) struct Program {
    child: Child,
    url: String,
    client: Client,
    directory: TempDir,
}

/// Its lines, once it has ended.
pub(crate) struct Log(pub(crate) Vec<Value>);

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The program, with nothing of the environment that the tests run in.
fn avenping(directory: &TempDir, settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_avenping"));
    program.args(arguments).current_dir(directory).stdin(Stdio::null());
    program.env_clear().env("AVENPING_SECRET_KEY", KEY).env("AVENPING_BIND", "127.0.0.1:0");
    program.env("AVENPING_LOG_FORMAT", "json").env("AVENPING_DRAIN_TIMEOUT", "3s");
    program.envs(settings.iter().copied());
    program
}

fn run(mut program: Command) -> Output {
    program.output().unwrap()
}

fn place() -> TempDir {
    let directory = TempDir::new().unwrap();
    // The nearest .env counts, so one that lies further up does not.
    for (name, text) in [(".env", ""), ("meta-token", META_TOKEN), ("api-token", API_TOKEN)] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let phone = format!("--phone={NUMBER}=+15550783881");
    let made = run(avenping(
        &directory,
        &[],
        &[
            "account",
            "create",
            "--name=Ada",
            "--email=ada@example.com",
            "--plan=Premium",
            "--plan-ends=2099-12-31",
            "--waba-id=102290129340398",
            "--meta-token-file=meta-token",
            "--api-token-file=api-token",
            &phone,
        ],
    ));
    assert!(made.status.success(), "{made:?}");
    directory
}

impl Program {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let directory = place();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let mut serve = avenping(&directory, settings, &["serve"]);
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("it listens").to_owned();
        let roots = rustls::RootCertStore::empty();
        let provider = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into());
        let tls = tls.with_safe_default_protocol_versions().unwrap();
        let tls = tls.with_root_certificates(roots).with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        Self { child, url, client, directory }
    }

    /// What it says when it does not start.
    pub(crate) fn refused(settings: &[(&str, &str)]) -> String {
        let directory = place();
        let ended = run(avenping(&directory, settings, &["serve"]));
        assert!(!ended.status.success(), "it started");
        String::from_utf8(ended.stderr).unwrap()
    }

    pub(crate) async fn send(&self, message: &Value, traceparent: Option<&str>) -> Response {
        let request = self.client.post(format!("{}/v2/messages/send/text", self.url));
        let request = request.bearer_auth(API_TOKEN).body(message.to_string());
        let request = request.header("content-type", "application/json");
        let request = traceparent
            .into_iter()
            .fold(request, |request, trace| request.header("traceparent", trace));
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url));
        request.bearer_auth(API_TOKEN).send().await.unwrap()
    }

    /// Asks it to stop as an init system would, and gives its log.
    pub(crate) fn stop(mut self) -> Log {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap();
        Log(log.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}
