//! `avenping audit`: who changed what. It reads, and changes nothing.

mod list;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use super::{CommonSettings, store};

#[derive(Subcommand, Debug)]
pub(super) enum Audit {
    /// List what was changed, newest first
    List(list::List),
    /// Check that every entry is what was written
    ///
    /// Each entry carries the hash of the one before it, so an entry that was changed or taken away
    /// shows. The exit status is 1 if any was, and the first one is named. What does not show: a
    /// chain that was written anew from some entry on, or cut off, by somebody who can write to the
    /// database past its triggers. Note the last line's ID:HASH elsewhere, and give it to --noted
    /// the next time: then that shows too.
    Verify(verify::Verify),
}

impl Audit {
    pub(super) async fn run(self, settings: &CommonSettings) -> anyhow::Result<ExitCode> {
        let store = store::open_existing(settings).await?;
        let done = match self {
            Self::List(list) => list.run(&store).await.map(|()| ExitCode::SUCCESS),
            Self::Verify(verify) => verify.run(&store).await,
        };
        store.close().await;
        done
    }
}
