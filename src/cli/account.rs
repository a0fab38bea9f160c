//! `avenping account`: who may use the gateway. All of it works while a gateway is running,
//! which sees each change within a second.

mod create;
mod delete;
mod list;
mod options;
mod show;
mod sync;
mod update;
mod view;

use clap::Subcommand;

use super::{CommonSettings, store};

#[derive(Subcommand, Debug)]
pub(super) enum Account {
    /// Make an account, and print its API token once
    Create(create::Create),
    /// List all accounts
    List(list::List),
    /// Show an account
    Show(show::Show),
    /// Change an account; what is not named stays as it is
    Update(update::Update),
    /// Delete an account and everything that belongs to it
    Delete(delete::Delete),
    /// Read the phone numbers and forms of an account from Meta
    Sync(sync::Sync),
}

impl Account {
    pub(super) async fn run(self, settings: &CommonSettings) -> anyhow::Result<()> {
        // The first account may well be the first thing that is ever stored.
        if let Self::Create(create) = self {
            return create.run(settings).await;
        }
        let store = store::open_existing(settings).await?;
        let done = match self {
            Self::Create(_) => Ok(()),
            Self::List(list) => list.run(&store).await,
            Self::Show(show) => show.run(&store).await,
            Self::Update(update) => update.run(&store).await,
            Self::Delete(delete) => delete.run(&store).await,
            Self::Sync(sync) => sync.run(&store, settings).await,
        };
        store.close().await;
        done
    }
}
