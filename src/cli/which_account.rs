//! The account that a command is about.

use anyhow::Context as _;
use clap::Args;

use crate::model::Account;
use crate::store::Store;

#[derive(Args, Debug)]
pub(super) struct WhichAccount {
    /// The id of the account, or its email
    #[arg(value_name = "ACCOUNT")]
    account: String,
}

impl WhichAccount {
    pub(super) async fn find(&self, store: &Store) -> anyhow::Result<Account> {
        find(store, &self.account).await
    }
}

pub(super) async fn find(store: &Store, id_or_email: &str) -> anyhow::Result<Account> {
    let found = store.account(id_or_email).await.context("cannot read the account")?;
    found.with_context(|| {
        format!("there is no account `{id_or_email}`; `avenping account list` shows all of them")
    })
}
