//! Where a running sandbox is, for the commands that are used beside it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use url::Url;

const FILE: &str = "running.json";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "OnDisk", try_from = "OnDisk")]
pub(in crate::cli) struct Running {
    pub(in crate::cli) gateway: Url,
    pub(in crate::cli) stand_in: Url,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnDisk {
    gateway: String,
    stand_in: String,
}

impl From<Running> for OnDisk {
    fn from(running: Running) -> Self {
        Self { gateway: running.gateway.into(), stand_in: running.stand_in.into() }
    }
}

impl TryFrom<OnDisk> for Running {
    type Error = url::ParseError;

    fn try_from(written: OnDisk) -> Result<Self, Self::Error> {
        Ok(Self { gateway: written.gateway.parse()?, stand_in: written.stand_in.parse()? })
    }
}

/// Keeps the file for as long as the sandbox runs.
pub(super) struct Sign {
    file: PathBuf,
    text: String,
}

impl Running {
    pub(super) fn put_up(&self, directory: &Path) -> anyhow::Result<Sign> {
        let sign = Sign { file: directory.join(FILE), text: serde_json::to_string_pretty(self)? };
        let written = fs::write(&sign.file, &sign.text);
        written.with_context(|| format!("cannot write {}", sign.file.display()))?;
        Ok(sign)
    }

    pub(in crate::cli) fn read(directory: &Path) -> anyhow::Result<Self> {
        let file = directory.join(FILE);
        match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", file.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(none_runs(directory)),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
}

/// Also for a sandbox that was killed: then the file is there, and nobody answers.
pub(in crate::cli) fn none_runs(directory: &Path) -> anyhow::Error {
    let directory = directory.display();
    anyhow!(
        "no sandbox runs with the data directory {directory}; start it with \
         `avenping sandbox --data-dir {directory}`"
    )
}

impl Drop for Sign {
    fn drop(&mut self) {
        // Another sandbox may have put up its own meanwhile.
        let is_ours = fs::read_to_string(&self.file).is_ok_and(|text| text == self.text);
        if is_ours && let Err(error) = fs::remove_file(&self.file) {
            tracing::warn!(%error, file = %self.file.display(), "a file stays behind");
        }
    }
}
