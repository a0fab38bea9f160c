//! The documents, followed literally: every command in them runs, against a sandbox.
//!
//! A block marked `sh` is run; one marked `console` needs what no test has, such as Docker.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use avenping_gateway::app::routes;
use avenping_gateway::openapi::document;
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_avenping");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Base64 of 32 bytes.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Of whom the documents speak as if she were there.
const ADA: &str = "printf sandbox-access-token > meta-token
\"$PROGRAM\" account create --name Ada --email ada@example.com --plan Premium --plan-ends 2099-12-31 \
--waba-id 102290129340398 --meta-token-file meta-token --phone 106540352242922=+15550783881 >/dev/null\n";

/// A sandbox that ends with the test.
struct Sandbox {
    child: Child,
    place: TempDir,
    access: Value,
    graph: String,
}

impl Sandbox {
    fn start() -> Self {
        let place = TempDir::new().unwrap();
        let mut sandbox = Command::new(PROGRAM);
        sandbox.args(["sandbox", "--json", "--bind=127.0.0.1:0", "--data-dir=avenping-data"]);
        sandbox.current_dir(&place).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = sandbox.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let running = fs::read_to_string(place.path().join("avenping-data/running.json")).unwrap();
        let running: Value = serde_json::from_str(&running).unwrap();
        let graph = running["standIn"].as_str().unwrap().to_owned();
        Self { child, place, access: serde_json::from_str(&line).unwrap(), graph }
    }

    fn text(&self, name: &str) -> &str {
        self.access[name].as_str().unwrap()
    }

    /// The block with the names of this sandbox in place of those of the document.
    fn here(&self, block: &str) -> String {
        block
            .replace("http://127.0.0.1:8080", self.text("url"))
            .replace("avp_live_…", self.text("token"))
            .replace("a-token-from-meta", "sandbox-access-token")
            .replace("postgres://avenping@localhost/avenping", "sqlite://avenping.db")
            .replace("./target/release/avenping", "avenping")
    }

    /// Runs a block in a directory and with a database of its own; gives what it said if it failed.
    fn run(&self, block: &str, number: usize) -> Result<(), String> {
        let directory = self.place.path().join(number.to_string());
        fs::create_dir(&directory).unwrap();
        symlink(self.place.path().join("avenping-data"), directory.join("avenping-data")).unwrap();
        let ada = if block.contains("account create") { "" } else { ADA };
        let token = "printf sandbox-access-token > meta-token\n";
        let script = format!("set -euo pipefail\n{token}{ada}set -x\n{}", self.here(block));
        let path = format!("{ROOT}/tests/docs/bin:{}", std::env::var("PATH").unwrap());
        let ended = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&directory)
            .env_remove("AVENPING_API_TOKEN")
            .env("PATH", path)
            .env("PROGRAM", PROGRAM)
            .env("CURL", which("curl"))
            .env("TOKEN", self.text("token"))
            .env("DATABASE_URL", format!("sqlite://{}/avenping.db", directory.display()))
            .env("AVENPING_SECRET_KEY", KEY)
            .env("AVENPING_GRAPH_URL", &self.graph)
            .env("AVENPING_DRAIN_TIMEOUT", "1s")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = || format!("{}\n{}", text(&ended.stdout), text(&ended.stderr));
        if ended.status.success() { Ok(()) } else { Err(said()) }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|place| place.join(program));
    found.into_iter().find(|file| file.exists()).unwrap()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![Path::new(ROOT).join("README.md")];
    for folder in ["docs", "docs/operations"] {
        let files = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
        pages.extend(files.map(|file| file.unwrap().path()));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

/// The blocks of a page that are marked `sh`.
fn blocks(page: &str) -> Vec<String> {
    let starts = page.split("\n```sh\n").skip(1);
    starts.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_command_of_the_documents_runs() {
    let sandbox = Sandbox::start();
    let mut count = 0;
    let mut failed = Vec::new();
    for page in pages() {
        for block in blocks(&fs::read_to_string(&page).unwrap()) {
            count += 1;
            if let Err(said) = sandbox.run(&block, count) {
                failed.push(format!("{}:\n{block}\n-- {said}", page.display()));
            }
        }
    }
    eprintln!("{count} blocks of commands");
    assert!(count > 25, "only {count}");
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// What GitHub calls the sections of a page.
fn anchors(page: &str) -> BTreeSet<String> {
    let titles = page.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let anchor = |title: &str| title.trim_start_matches('#').trim().to_lowercase();
    titles
        .map(|title| anchor(title).chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            count += 1;
            let (file, section) = target.split_once('#').unwrap_or((target, ""));
            let there =
                if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(there.exists(), "{}: {target}", page.display());
            let is_known = section.is_empty()
                || anchors(&fs::read_to_string(there).unwrap()).contains(section);
            assert!(is_known, "{}: {target}", page.display());
        }
    }
    assert!(count > 10, "only {count}");
}

#[test]
fn the_api_guide_lists_every_route_of_the_document() {
    let document = document(&routes(), "");
    let document = serde_json::to_value(document).unwrap();
    let page = fs::read_to_string(Path::new(ROOT).join("docs/api.md")).unwrap();
    let mut count = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = ["get", "post", "put", "patch", "delete"];
        for method in methods.iter().filter(|method| operations.get(**method).is_some()) {
            let route = format!("`{} {path}`", method.to_uppercase());
            // A template may have the name of the route that sends one.
            let same = route.replace("/v2/templates/send`", "/v2/templates/{name}`");
            assert!(page.contains(&route) || page.contains(&same), "{route} is not in the guide");
            count += 1;
        }
    }
    assert!(count > 50, "only {count}");
}
