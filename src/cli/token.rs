//! `avenping token`: the API tokens of an account.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::actor::actor;
use super::which_account::WhichAccount;
use super::{CommonSettings, fresh_token, output, store};
use crate::clock::Clock;
use crate::model::{AccountId, ApiToken};
use crate::store::Store;

#[derive(Subcommand, Debug)]
pub(super) enum Token {
    /// Make a new API token for an account, and print it once
    ///
    /// The old token works for a day longer, so that callers can change over. For one that others
    /// may know, give --keep-old-for 0. At most two tokens work at a time: a third stops the first.
    #[command(after_help = "Examples:
  avenping token rotate ada@example.com
  avenping token rotate ada@example.com --keep-old-for 0")]
    Rotate(Rotate),
    /// Stop every API token of an account at once
    #[command(after_help = "Example:
  avenping token revoke ada@example.com")]
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub(super) struct Rotate {
    #[command(flatten)]
    account: WhichAccount,

    /// How much longer the old token works; with 0 it stops at once
    #[arg(long, value_name = "PERIOD", default_value = "24h", value_parser = parse_overlap)]
    keep_old_for: Duration,

    /// Print one JSON object: accountId and token
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Revoke {
    #[command(flatten)]
    account: WhichAccount,

    /// Print one JSON object: accountId and how many tokens were revoked
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revoked<'a> {
    account_id: &'a AccountId,
    revoked: u64,
}

impl Token {
    pub(super) async fn run(self, settings: &CommonSettings) -> anyhow::Result<()> {
        let store = store::open_existing(settings).await?;
        let done = match self {
            Self::Rotate(rotate) => rotate.run(&store).await,
            Self::Revoke(revoke) => revoke.run(&store).await,
        };
        store.close().await;
        done
    }
}

impl Rotate {
    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = self.account.find(store).await?.id;
        let token = ApiToken::generate()?;
        let now = Clock::system().now();
        let keep_old_until = (!self.keep_old_for.is_zero()).then(|| now.plus(self.keep_old_for));
        let (row, by) = (token.to_store(now), actor());
        let rotated = store.rotate_token(&account, &row, keep_old_until, &by).await;
        ensure!(rotated.context("cannot rotate the token")?, "the account was just deleted");
        fresh_token::show(&account, &token, self.json)
    }
}

fn parse_overlap(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text)
        .map_err(|_| "must be a length of time such as 24h or 30m, or 0".to_owned())
}

impl Revoke {
    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = self.account.find(store).await?.id;
        let revoked = store.revoke_tokens(&account, &actor(), Clock::system().now()).await;
        let revoked = revoked.context("cannot revoke the tokens")?;
        if self.json {
            return output::json(&Revoked { account_id: &account, revoked });
        }
        output::line(match revoked {
            0 => "there was no token to stop".to_owned(),
            1 => "1 token stopped".to_owned(),
            many => format!("{many} tokens stopped"),
        })
    }
}
