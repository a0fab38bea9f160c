//! What a sandbox keeps besides its database, so that a restart is the same sandbox.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::config::SecretKey;
use crate::model::ApiToken;

const FILE: &str = "sandbox.json";

/// The key of the store, and the token of the demo account. Both are worth nothing elsewhere.
pub(super) struct Keepsake {
    pub(super) secret_key: SecretKey,
    pub(super) api_token: ApiToken,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnDisk {
    secret_key: String,
    token: String,
}

impl Keepsake {
    /// Reads it, or makes it where there is none yet.
    pub(super) fn open(directory: &Path) -> anyhow::Result<Self> {
        let file = directory.join(FILE);
        match fs::read_to_string(&file) {
            Ok(text) => Self::read(&text).with_context(|| {
                format!("{} is damaged; remove the directory to start anew", file.display())
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::make(&file),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let kept: OnDisk = serde_json::from_str(text)?;
        let secret_key = kept.secret_key.parse().map_err(anyhow::Error::msg)?;
        let api_token = ApiToken::parse(&kept.token).context("the token has the wrong form")?;
        Ok(Self { secret_key, api_token })
    }

    fn make(file: &Path) -> anyhow::Result<Self> {
        let made = Self { secret_key: SecretKey::generate()?, api_token: ApiToken::generate()? };
        let text = serde_json::to_string_pretty(&OnDisk {
            secret_key: made.secret_key.to_base64().to_string(),
            token: made.api_token.reveal().to_owned(),
        })?;
        let cannot = || format!("cannot write {}", file.display());
        let mut options = OpenOptions::new();
        let mut opened =
            options.write(true).create_new(true).mode(0o600).open(file).with_context(cannot)?;
        opened.write_all(text.as_bytes()).with_context(cannot)?;
        opened.sync_all().with_context(cannot)?;
        Ok(made)
    }
}
