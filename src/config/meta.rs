//! What Meta and we have agreed on for its webhooks.

use std::str::FromStr;

use clap::Args;
use secrecy::SecretString;

/// A secret that a setting holds. Never empty, never printed.
#[derive(Clone, Debug)]
pub struct Secret(pub SecretString);

#[derive(Args, Clone, Debug, Default)]
pub struct MetaSettings {
    /// The secret of the Meta app, which signs its webhooks; while rotating two, with a comma
    #[arg(
        long = "meta-app-secret",
        env = "AVENPING_META_APP_SECRET",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "SECRET"
    )]
    pub app_secrets: Vec<Secret>,

    /// The word that Meta shows when a webhook is set up in its dashboard
    #[arg(
        long = "meta-verify-token",
        env = "AVENPING_META_VERIFY_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub verify_token: Option<Secret>,
}

impl FromStr for Secret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(Self(text.into()))
    }
}
