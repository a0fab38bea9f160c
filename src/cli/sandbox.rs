//! `avenping sandbox`: the gateway, a stand-in for Meta, and a demo account, in one process.

mod access;
mod inbound;
mod keepsake;
mod running;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;

use access::{Access, tell};
use inbound::Inbound;

use super::actor::actor;
use super::data_dir::DataDir;
use super::{CommonSettings, health, serve};
use crate::app::{Gateway, GatewaySettings};
use crate::clock::Clock;
use crate::config::{
    DatabaseSettings, DeliverySettings, LimitSettings, ListenerSettings, MetaSettings,
    RecordSettings, Secret, TemplateSettings, TraceSettings, WebhookSettings,
};
use crate::model::{
    Account, AccountId, NewAccount, OwnRateLimits, Plan, Timestamp, WhatsAppAccount,
};
use crate::sandbox::{self, Callback, Sandbox, SandboxSettings};
use crate::store::{self, AccountChange, Keyring, Store};

pub(super) use keepsake::Keepsake;
pub(super) use running::{Running, none_runs};

const EMAIL: &str = "demo@sandbox.invalid";
/// 9999-12-31T23:59:59Z: the demo account never has to pay.
const NEVER: Timestamp = Timestamp::from_millis(253_402_300_799_000);

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  avenping sandbox --bind 127.0.0.1:0 --json          on a free port, for scripts
  avenping sandbox inbound --text Hi                  a customer writes to it"
)]
pub(super) struct SandboxCommand {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    data_dir: DataDir,

    /// Print what is needed to call it as one JSON object, for scripts
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    listener: ListenerSettings,

    #[command(flatten)]
    records: RecordSettings,

    #[command(flatten)]
    templates: TemplateSettings,

    #[command(flatten)]
    deliveries: DeliverySettings,

    #[command(flatten)]
    limits: LimitSettings,

    #[command(flatten)]
    traces: TraceSettings,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Make a customer write to a sandbox that runs; prints the id of the message
    Inbound(Inbound),
}

impl SandboxCommand {
    pub(super) async fn run(self, settings: CommonSettings) -> anyhow::Result<()> {
        match self.action {
            Some(Action::Inbound(inbound)) => inbound.run().await,
            None => self.serve(settings).await,
        }
    }

    async fn serve(self, mut settings: CommonSettings) -> anyhow::Result<()> {
        serve::raise_descriptor_limit();
        let directory = &self.data_dir.path;
        let made = std::fs::create_dir_all(directory);
        made.with_context(|| format!("cannot make the directory {}", directory.display()))?;
        let keepsake = Keepsake::open(directory)?;
        let demo = sandbox::demo(directory.join("media"))?;
        let store = open_store(directory, &settings.database, &keepsake).await?;
        prepare(&store, &demo, &keepsake).await?;

        let stopping = CancellationToken::new();
        let access = (
            demo.phone_numbers.first().map(|number| number.id.to_string()),
            demo.waba_id.to_string(),
        );
        let meta = Sandbox::start(demo).await.context("cannot start the stand-in for Meta")?;
        settings.graph.url = meta.url().clone();
        // Here it is the recipient that asks for a 401, not the token that is bad.
        settings.graph.breakers.token_open = Duration::ZERO.into();
        let gateway_settings = GatewaySettings {
            listener: self.listener,
            graph: settings.graph,
            // The receiver under development is on this machine.
            webhooks: WebhookSettings { allow_private: true },
            records: self.records,
            templates: self.templates,
            meta: agreed_with_meta(&keepsake),
            deliveries: self.deliveries,
            limits: self.limits,
            traces: self.traces,
        };
        let gateway = Gateway::bind(store, Clock::system(), gateway_settings, stopping.clone())
            .context("pick another address with --bind; port 0 takes any free one")?;
        // From here on there is something to tidy up, and a caller may end it as soon as it is told.
        serve::stop_on_signals(stopping, Duration::ZERO)?;
        let callback = callback(gateway.address(), &keepsake)?;
        let running = Running { gateway: callback.url.join("/")?, stand_in: meta.url().clone() };
        let sign = running.put_up(directory)?;
        meta.call_back(callback);
        let access = Access {
            url: format!("http://{}", gateway.address()),
            token: keepsake.api_token.reveal(),
            phone_number_id: access.0.unwrap_or_default(),
            waba_id: access.1,
        };
        tell(&access, meta.url(), directory, self.json)?;
        gateway.run(Duration::ZERO).await;
        drop(sign);
        meta.stop().await;
        Ok(())
    }
}

fn agreed_with_meta(keepsake: &Keepsake) -> MetaSettings {
    MetaSettings {
        app_secrets: vec![Secret(keepsake.app_secret.clone())],
        verify_token: Some(Secret(keepsake.verify_token.clone())),
    }
}

fn callback(gateway: SocketAddr, keepsake: &Keepsake) -> anyhow::Result<Callback> {
    let url = format!("http://{}/webhooks/meta", health::from_here(gateway));
    Ok(Callback {
        url: url.parse()?,
        app_secret: keepsake.app_secret.clone(),
        verify_token: Some(keepsake.verify_token.clone()),
    })
}

async fn open_store(
    directory: &Path,
    database: &DatabaseSettings,
    keepsake: &Keepsake,
) -> anyhow::Result<Store> {
    let file = directory.join("avenping.db");
    let file = file.to_str().context("the name of the data directory is not Unicode")?;
    let database = DatabaseSettings { url: format!("sqlite://{file}"), ..database.clone() };
    let keyring = Keyring::new(std::slice::from_ref(&keepsake.secret_key))?;
    let store = store::open(&database, keyring).await;
    let store = store.with_context(|| format!("cannot open {file}"))?;
    store.migrate().await.with_context(|| format!("cannot migrate {file}"))?;
    store.check_keys().await.with_context(|| format!("{file} is another sandbox's"))?;
    Ok(store)
}

/// Makes the demo account, or brings one from an earlier run in order again.
async fn prepare(store: &Store, demo: &SandboxSettings, keepsake: &Keepsake) -> anyhow::Result<()> {
    let (now, by) = (Clock::system().now(), actor());
    let plan = Plan { name: "Premium".to_owned(), add_on: false, ends_at: Some(NEVER) };
    let token = keepsake.api_token.to_store(now);
    let Some(known) = store.account(EMAIL).await? else {
        let account = Account {
            id: AccountId::generate(),
            name: "Demo".to_owned(),
            email: EMAIL.to_owned(),
            suspended: false,
            plans: vec![plan],
            whatsapp: Some(WhatsAppAccount {
                id: uuid::Uuid::now_v7().to_string(),
                waba_id: demo.waba_id.clone(),
                display_name: "Sandbox".to_owned(),
                meta_token: Some(demo.access_token.clone()),
            }),
            phone_numbers: demo.phone_numbers.clone(),
            rate_limits: OwnRateLimits::default(),
            created_at: now,
        };
        return Ok(store.create_account(&NewAccount { account, token }, &by).await?);
    };
    let change = AccountChange {
        primary_plan: Some(Some(plan)),
        meta_token: Some(demo.access_token.clone()),
        add_numbers: demo.phone_numbers.clone(),
        suspended: Some(false),
        ..AccountChange::default()
    };
    store.change_account(&known.id, &change, &by, now).await?;
    if store.account_by_token(&token.digest, now).await?.is_none() {
        store.revoke_tokens(&known.id, &by, now).await?;
        store.rotate_token(&known.id, &token, None, &by).await?;
    }
    Ok(())
}
