//! Which gateway to ask, and as which account: the one that the token is for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Client, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::sandbox::{Keepsake, Running, none_runs};
use super::{data_dir, http, output, secret_file};
use crate::config::Secret;

#[derive(Args, Debug)]
pub(super) struct Target {
    /// The gateway; http://127.0.0.1:8080 if left out
    #[arg(long, value_name = "URL", conflicts_with = "sandbox-data-dir")]
    url: Option<Url>,

    /// The file with the API token of the account
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox-data-dir")]
    token_file: Option<PathBuf>,

    // As a flag every user of the machine would see it, so the help names only the variable.
    #[arg(long, hide = true, env = "AVENPING_API_TOKEN", hide_env_values = true)]
    token: Option<Secret>,

    /// The directory of a sandbox that runs, instead of a URL and a token; ./avenping-data where
    /// neither --token-file nor the variable AVENPING_API_TOKEN names an account
    #[arg(id = "sandbox-data-dir", long = "data-dir", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub(super) struct Gateway {
    client: Client,
    url: Url,
    token: SecretString,
    /// Where the sandbox keeps its data, if it is one.
    directory: Option<PathBuf>,
}

impl Target {
    pub(super) fn find(self) -> anyhow::Result<Gateway> {
        if let Some(directory) = self.data_dir {
            return Gateway::of_sandbox(&directory);
        }
        let token = match (self.token_file, self.token) {
            (Some(file), _) => SecretString::from(secret_file::read(&file)?.as_str()),
            (None, Some(token)) => token.0,
            (None, None) if self.url.is_none() => {
                return Gateway::of_sandbox(Path::new(data_dir::DEFAULT));
            }
            (None, None) => {
                bail!("as which account? Give --token-file, or set AVENPING_API_TOKEN")
            }
        };
        let url = self.url.map_or_else(|| Url::parse("http://127.0.0.1:8080"), Ok)?;
        Ok(Gateway { client: http::client()?, url, token, directory: None })
    }
}

impl Gateway {
    fn of_sandbox(directory: &Path) -> anyhow::Result<Self> {
        let running = Running::read(directory)?;
        let keepsake = Keepsake::existing(directory)?.ok_or_else(|| none_runs(directory))?;
        Ok(Self {
            client: http::client()?,
            url: running.gateway,
            token: keepsake.api_token.reveal().into(),
            directory: Some(directory.to_owned()),
        })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What a route of the gateway answers as `data`, or why it does not.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        self.ask_once(method, path, body, None).await
    }

    /// The same, with a key for what must happen once.
    pub(super) async fn ask_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> anyhow::Result<Value> {
        let base = self.url.as_str().trim_end_matches('/');
        let request = self.client.request(method, format!("{base}{path}"));
        let mut request = request.bearer_auth(self.token.expose_secret());
        if let Some(body) = body {
            request = http::with_json(request, body);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut answer = match (http::ask(request).await, &self.directory) {
            (Err(error), Some(directory)) if error.is_connect() => {
                return Err(none_runs(directory));
            }
            (answer, _) => answer.with_context(|| format!("cannot ask {}", self.url))?,
        };
        if answer.status == 200 {
            return Ok(answer.body.get_mut("data").map(Value::take).unwrap_or_default());
        }
        let why = answer.body.get("message").and_then(Value::as_str);
        let details = answer.body.get("details").map(ToString::to_string).unwrap_or_default();
        let why = format!("{} {details}", why.unwrap_or("it does not say why"));
        bail!("{} answers HTTP {}: {}", self.url, answer.status, output::visible(why.trim_end()));
    }
}
