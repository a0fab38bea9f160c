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
    #[command(after_help = "Example:
  avenping account create --name Ada --email ada@example.com \\
    --plan Premium --plan-ends 2027-12-31 --waba-id 102290129340398 \\
    --meta-token-file ./meta-token --phone 106540352242922=+15550783881")]
    Create(create::Create),
    /// List all accounts
    #[command(after_help = "Example:
  avenping account list")]
    List(list::List),
    /// Show an account
    #[command(after_help = "Example:
  avenping account show ada@example.com")]
    Show(show::Show),
    /// Change an account; what is not named stays as it is
    #[command(after_help = "Examples:
  avenping account update ada@example.com --plan-ends 2028-12-31
  avenping account update ada@example.com --meta-token-file ./meta-token
  avenping account update ada@example.com --rate-limit 6000/60s")]
    Update(update::Update),
    /// Delete an account and everything that belongs to it
    #[command(after_help = "Example:
  avenping account delete ada@example.com")]
    Delete(delete::Delete),
    /// Read the phone numbers and forms of an account from Meta
    #[command(after_help = "Example:
  avenping account sync ada@example.com")]
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
