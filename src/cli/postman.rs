//! `avenping postman`: the collection for Postman, made from the OpenAPI document.

#![expect(clippy::indexing_slicing, reason = "of a JSON value it gives null, and never panics")]

mod collection;
mod request;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::app::routes;
use crate::openapi::document;

#[derive(Args, Debug)]
#[command(after_help = "Example:
  avenping postman --out docs/postman")]
pub(super) struct Postman {
    /// Where collection.json and environment.json go
    #[arg(long, default_value = "docs/postman", value_name = "DIR")]
    out: PathBuf,
}

impl Postman {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let made = std::fs::create_dir_all(&self.out);
        made.with_context(|| format!("cannot make the directory {}", self.out.display()))?;
        let document = serde_json::to_value(document(&routes(), ""))?;
        let collection = collection::collection(&document);
        for (name, content) in
            [("collection.json", collection), ("environment.json", environment())]
        {
            let path = self.out.join(name);
            let text = format!("{}\n", serde_json::to_string_pretty(&content)?);
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            output::line(path.display())?;
        }
        Ok(())
    }
}

/// The variables that a caller fills in.
fn environment() -> Value {
    let variable = |key: &str, value: &str, kind: &str| json!({ "key": key, "value": value, "type": kind, "enabled": true });
    json!({
        "id": "avenping-gateway",
        "name": "AvenPing gateway",
        "values": [
            variable("baseUrl", "http://127.0.0.1:8080", "default"),
            variable("token", "", "secret"),
            variable("phoneNumberId", "106540352242922", "default"),
            variable("to", "15551234567", "default"),
        ],
        "_postman_variable_scope": "environment",
    })
}
