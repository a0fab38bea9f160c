//! `avenping send`: a message from the command line, for a first try.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::output;
use super::target::{Gateway, Target};

#[derive(Subcommand, Debug)]
pub(super) enum Send {
    /// Send a text, and print its wamid
    #[command(after_help = "Examples:
  avenping send text --to +15551234567 --text Hello
  AVENPING_API_TOKEN=avp_live_… avenping send text --url https://gateway.example \\
    --phone-number-id 106540352242922 --to +15551234567 --text Hello")]
    Text(Text),
}

#[derive(Args, Debug)]
pub(super) struct Text {
    /// The receiver's phone number, with its country code
    #[arg(long, value_name = "NUMBER")]
    to: String,

    /// What the message says
    #[arg(long)]
    text: String,

    /// The number to send from; the account's only one if left out
    #[arg(long, value_name = "ID")]
    phone_number_id: Option<String>,

    /// A key of your own: repeated with the same one, the message is sent once
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,

    #[command(flatten)]
    target: Target,
}

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Text(text) => text.run().await,
        }
    }
}

impl Text {
    async fn run(self) -> anyhow::Result<()> {
        let gateway = self.target.find()?;
        let number = match self.phone_number_id {
            Some(number) => number,
            None => only_number(&gateway).await?,
        };
        let body = json!({ "phoneNumberId": number, "to": self.to, "text": self.text });
        let key = self.idempotency_key.as_deref();
        let path = "/v2/messages/send/text";
        let receipt = gateway.ask_once(Method::POST, path, Some(&body), key).await?;
        let wamid = receipt.pointer("/messages/0/id").and_then(Value::as_str);
        output::line(output::visible(wamid.context("the gateway answers with no id")?))
    }
}

async fn only_number(gateway: &Gateway) -> anyhow::Result<String> {
    let me = gateway.ask(Method::GET, "/v2/me", None).await?;
    let numbers = me.get("phoneNumberIds").and_then(Value::as_array);
    let numbers: Vec<_> = numbers.into_iter().flatten().filter_map(Value::as_str).collect();
    match numbers[..] {
        [only] => Ok(only.to_owned()),
        [] => bail!("the account has no phone number"),
        _ => bail!("which number? Give --phone-number-id with one of {}", numbers.join(", ")),
    }
}
