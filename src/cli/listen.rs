//! `avenping listen`: prints the deliveries of an account as they come.
//!
//! It takes the place of the account's webhook for as long as it runs. Reading the list of
//! deliveries instead would work for remote gateways too, but that list tells of deliveries, not
//! what is in them, and has none while no webhook is set.

mod printed;
mod receiver;
mod settings;

use anyhow::Context as _;
use clap::Args;
use tokio_util::sync::CancellationToken;

use super::target::Target;
use super::{output, serve};
use receiver::Receiver;
use settings::Settings;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  avenping listen                                     beside `avenping sandbox`
  avenping listen --json --events newMessage | jq .body")]
pub(super) struct Listen {
    #[command(flatten)]
    target: Target,

    /// The events to be told of meanwhile, with commas: newLead, newMessage, messageStatus,
    /// metaEvent; those of the account if left out
    #[arg(long, value_delimiter = ',', value_name = "EVENTS")]
    events: Vec<String>,

    /// Print each delivery as one JSON object on a line: time, event, id and body
    #[arg(long)]
    json: bool,
}

impl Listen {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let stopping = CancellationToken::new();
        serve::stop_on_signals(stopping.clone(), std::time::Duration::ZERO)?;
        let gateway = self.target.find()?;
        let receiver = Receiver::bind().await?;
        let earlier = Settings::read(&gateway).await?;
        let code = earlier.replace(&gateway, receiver.url(), &self.events).await?;
        let url = receiver.url().clone();
        // Deliveries wait at the open port until the code that they are signed with is known.
        let receiving = receiver.start(code, self.json);
        output::complain(format_args!(
            "deliveries of {} come to {url} until you press Ctrl-C",
            gateway.url()
        ));
        stopping.cancelled().await;
        let restored = earlier.restore(&gateway, &url).await;
        receiving.stop().await;
        restored.with_context(|| format!("the account is still told at {url}"))
    }
}
