//! The webhook settings of the account: replaced for a while, then put back.

use anyhow::Context as _;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::cli::output;
use crate::cli::target::Gateway;

const CONFIG: &str = "/v2/webhooks/config";
const VERIFY: &str = "/v2/webhooks/verify";
/// Tells addresses of this command from others: one that was killed leaves its own behind.
pub(super) const PATH: &str = "/avenping-listen";

const PUBLIC_ONLY: &str = "the gateway does not take an address on this machine. A gateway under \
    development does when it is started with AVENPING_ALLOW_PRIVATE_WEBHOOKS=true, and \
    `avenping sandbox` always does; any other one needs a public https address as webhookUrl, \
    such as a tunnel's";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    webhook_url: String,
    webhook_code: String,
    is_verified: bool,
    events: Vec<String>,
}

impl Settings {
    pub(super) async fn read(gateway: &Gateway) -> anyhow::Result<Self> {
        let data = gateway.ask(Method::GET, CONFIG, None).await;
        Self::understood(data.context("cannot read the webhook settings")?)
    }

    fn understood(data: Value) -> anyhow::Result<Self> {
        serde_json::from_value(data).context("the gateway answers with other settings than ours")
    }

    /// Has the account told at `url`; answers the code that deliveries are signed with.
    pub(super) async fn replace(
        &self,
        gateway: &Gateway,
        url: &Url,
        events: &[String],
    ) -> anyhow::Result<SecretString> {
        let events = if events.is_empty() { &self.events } else { events };
        let body = json!({ "webhookUrl": url.as_str(), "events": events });
        let data = gateway.ask(Method::POST, CONFIG, Some(&body)).await;
        let data = data.map_err(|error| {
            let is_about_url = error.to_string().contains("webhookUrl");
            if is_about_url { error.context(PUBLIC_ONLY) } else { error }
        })?;
        Ok(Self::understood(data)?.webhook_code.into())
    }

    /// Puts everything back, unless somebody has changed it since.
    pub(super) async fn restore(&self, gateway: &Gateway, url: &Url) -> anyhow::Result<()> {
        if Self::read(gateway).await?.webhook_url != url.as_str() {
            output::complain("the webhook settings were changed meanwhile, and stay so");
            return Ok(());
        }
        let webhook_url = if self.is_left_behind() { "" } else { &self.webhook_url };
        let body = json!({
            "webhookUrl": webhook_url,
            "webhookCode": self.webhook_code,
            "events": self.events,
        });
        let restored = gateway.ask(Method::POST, CONFIG, Some(&body)).await;
        restored.context("cannot put the webhook settings back")?;
        if self.is_verified && !webhook_url.is_empty() {
            // Every new address counts as not verified, also one that was before.
            let verified = gateway.ask(Method::POST, VERIFY, Some(&json!({}))).await;
            if let Err(error) = verified {
                output::complain(format_args!("{webhook_url} is to be verified anew: {error:#}"));
            }
        }
        Ok(())
    }

    fn is_left_behind(&self) -> bool {
        Url::parse(&self.webhook_url)
            .is_ok_and(|url| url.host_str() == Some("127.0.0.1") && url.path() == PATH)
    }
}
