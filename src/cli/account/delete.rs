//! `avenping account delete`

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::cli::actor::actor;
use crate::cli::output;
use crate::cli::which_account::WhichAccount;
use crate::clock::Clock;
use crate::model::{Account, AccountId};
use crate::store::Store;

#[derive(Args, Debug)]
pub(in crate::cli) struct Delete {
    #[command(flatten)]
    account: WhichAccount,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// Print one JSON object: accountId, and deleted
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted<'a> {
    account_id: &'a AccountId,
    deleted: bool,
}

impl Delete {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = self.account.find(store).await?;
        if !self.yes {
            ask(&account)?;
        }
        let deleted = store.delete_account(&account.id, &actor(), Clock::system().now()).await;
        ensure!(deleted.context("cannot delete the account")?, "the account was just deleted");
        if self.json {
            return output::json(&Deleted { account_id: &account.id, deleted: true });
        }
        output::line(format_args!("deleted {} ({})", account.email, account.id))
    }
}

/// Passes when a person has typed the email once more.
fn ask(account: &Account) -> anyhow::Result<()> {
    ensure!(
        io::stdin().is_terminal(),
        "nothing was deleted: there is no terminal to ask at; --yes deletes without asking"
    );
    output::complain(format_args!(
        "This deletes {} ({}), with its tokens, phone numbers, forms and webhook settings.\n\
         Type the email of the account to go on:",
        output::visible(&account.name),
        account.email,
    ));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    ensure!(answer.trim().to_lowercase() == account.email, "nothing was deleted");
    Ok(())
}
