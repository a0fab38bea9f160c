//! `avenping account show`

use clap::Args;

use super::view;
use crate::cli::which_account::WhichAccount;
use crate::store::Store;

#[derive(Args, Debug)]
pub(in crate::cli) struct Show {
    #[command(flatten)]
    account: WhichAccount,

    /// Print one JSON object, as /v2/me answers it, with what only the keeper is to know
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<()> {
        view::show(&self.account.find(store).await?, self.json)
    }
}
