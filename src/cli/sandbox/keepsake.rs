//! What a sandbox keeps besides its database, so that a restart is the same sandbox.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::config::SecretKey;
use crate::model::ApiToken;

const FILE: &str = "sandbox.json";

/// The key of the store, the token of the demo account, and what the gateway and the stand-in
/// have agreed on. All of it is worth nothing elsewhere.
pub(in crate::cli) struct Keepsake {
    pub(super) secret_key: SecretKey,
    pub(in crate::cli) api_token: ApiToken,
    pub(super) app_secret: SecretString,
    pub(super) verify_token: SecretString,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnDisk {
    secret_key: String,
    token: String,
    // Files of earlier versions have neither.
    meta_app_secret: Option<String>,
    meta_verify_token: Option<String>,
}

impl Keepsake {
    /// Reads it, or makes it where there is none yet.
    pub(super) fn open(directory: &Path) -> anyhow::Result<Self> {
        if let Some(kept) = Self::read(directory)? {
            return kept.understood(directory);
        }
        let made = OnDisk {
            secret_key: SecretKey::generate()?.to_base64().to_string(),
            token: ApiToken::generate()?.reveal().to_owned(),
            meta_app_secret: None,
            meta_verify_token: None,
        };
        made.understood(directory)
    }

    /// The same of a sandbox that is there already.
    pub(in crate::cli) fn existing(directory: &Path) -> anyhow::Result<Option<Self>> {
        Self::read(directory)?.map(|kept| kept.understood(directory)).transpose()
    }

    fn read(directory: &Path) -> anyhow::Result<Option<OnDisk>> {
        let file = directory.join(FILE);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map(Some).with_context(|| damaged(directory)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
}

impl OnDisk {
    /// Reads the parts, and makes and keeps those that are missing.
    fn understood(mut self, directory: &Path) -> anyhow::Result<Keepsake> {
        let secret_key = self.secret_key.parse().map_err(anyhow::Error::msg);
        let secret_key = secret_key.with_context(|| damaged(directory))?;
        let api_token = ApiToken::parse(&self.token).context("the token has the wrong form");
        let api_token = api_token.with_context(|| damaged(directory))?;
        let (app_secret, verify_token) = match (&self.meta_app_secret, &self.meta_verify_token) {
            (Some(secret), Some(token)) => (secret.clone(), token.clone()),
            _ => {
                let fresh = (random()?, random()?);
                self.meta_app_secret = Some(fresh.0.clone());
                self.meta_verify_token = Some(fresh.1.clone());
                self.keep(directory)?;
                fresh
            }
        };
        let (app_secret, verify_token) = (app_secret.into(), verify_token.into());
        Ok(Keepsake { secret_key, api_token, app_secret, verify_token })
    }

    /// All of it or nothing, readable for its owner alone.
    fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        let file = directory.join(FILE);
        let cannot = || format!("cannot write {}", file.display());
        let mut fresh = NamedTempFile::new_in(directory).with_context(cannot)?;
        let text = serde_json::to_string_pretty(self)?;
        fresh.write_all(text.as_bytes()).with_context(cannot)?;
        fresh.as_file().sync_all().with_context(cannot)?;
        fresh.persist(&file).map(drop).with_context(cannot)
    }
}

fn damaged(directory: &Path) -> String {
    let file = directory.join(FILE);
    format!("{} is damaged; remove the directory to start anew", file.display())
}

/// As long as the secrets of Meta's apps are.
fn random() -> anyhow::Result<String> {
    let mut bytes = Zeroizing::new([0_u8; 16]);
    getrandom::fill(&mut bytes[..])?;
    Ok(hex::encode(&bytes[..]))
}
