//! `avenping sandbox`: the gateway, a stand-in for Meta, and a demo account, in one process.

mod keepsake;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use keepsake::Keepsake;

use super::{CommonSettings, output, serve};
use crate::app::{Gateway, GatewaySettings};
use crate::clock::Clock;
use crate::config::{
    DatabaseSettings, DeliverySettings, ListenerSettings, MetaSettings, RecordSettings,
    WebhookSettings,
};
use crate::model::{Account, AccountId, NewAccount, Plan, Timestamp, WhatsAppAccount};
use crate::sandbox::{self, Sandbox, SandboxSettings};
use crate::store::{self, AccountChange, Keyring, Store};

const EMAIL: &str = "demo@sandbox.invalid";
/// 9999-12-31T23:59:59Z: the demo account never has to pay.
const NEVER: Timestamp = Timestamp::from_millis(253_402_300_799_000);

#[derive(Args, Debug)]
pub(super) struct SandboxCommand {
    /// Where its data stay: a restart keeps the token
    #[arg(
        long = "data-dir",
        env = "AVENPING_DATA_DIR",
        default_value = "./avenping-data",
        value_name = "DIR"
    )]
    data_dir: PathBuf,

    /// Print what is needed to call it as one JSON object, for scripts
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    listener: ListenerSettings,

    #[command(flatten)]
    records: RecordSettings,

    #[command(flatten)]
    deliveries: DeliverySettings,
}

/// What a caller needs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Access<'a> {
    url: String,
    token: &'a str,
    phone_number_id: String,
    waba_id: String,
}

impl SandboxCommand {
    pub(super) async fn run(self, mut settings: CommonSettings) -> anyhow::Result<()> {
        serve::raise_descriptor_limit();
        let directory = &self.data_dir;
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
        let gateway_settings = GatewaySettings {
            listener: self.listener,
            graph: settings.graph,
            // The receiver under development is on this machine.
            webhooks: WebhookSettings { allow_private: true },
            records: self.records,
            meta: MetaSettings::default(),
            deliveries: self.deliveries,
        };
        let gateway = Gateway::bind(store, Clock::system(), gateway_settings, stopping.clone())
            .context("pick another address with --bind; port 0 takes any free one")?;
        let access = Access {
            url: format!("http://{}", gateway.address()),
            token: keepsake.api_token.reveal(),
            phone_number_id: access.0.unwrap_or_default(),
            waba_id: access.1,
        };
        tell(&access, meta.url(), self.json)?;
        serve::stop_on_signals(stopping, Duration::ZERO)?;
        gateway.run(Duration::ZERO).await;
        meta.stop().await;
        Ok(())
    }
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
    let now = Clock::system().now();
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
            created_at: now,
        };
        return Ok(store.create_account(&NewAccount { account, token }).await?);
    };
    let change = AccountChange {
        primary_plan: Some(Some(plan)),
        meta_token: Some(demo.access_token.clone()),
        add_numbers: demo.phone_numbers.clone(),
        suspended: Some(false),
        ..AccountChange::default()
    };
    store.change_account(&known.id, &change).await?;
    if store.account_by_token(&token.digest, now).await?.is_none() {
        store.revoke_tokens(&known.id, now).await?;
        store.rotate_token(&known.id, &token, None).await?;
    }
    Ok(())
}

fn tell(access: &Access<'_>, meta: &url::Url, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(access);
    }
    let Access { url, token, phone_number_id, waba_id } = access;
    output::line(format_args!("listening on {url}\n"))?;
    output::line(format_args!("  token           {token}"))?;
    output::line(format_args!("  phoneNumberId   {phone_number_id}"))?;
    output::line(format_args!("  wabaId          {waba_id}"))?;
    output::line(format_args!("  stand-in        {meta} (in place of Meta)\n"))?;
    output::line("Send a first message:\n")?;
    output::line(format_args!(
        "curl {url}/v2/messages/send/text -H 'Authorization: Bearer {token}' \
         -H 'Content-Type: application/json' \
         -d '{{\"phoneNumberId\":\"{phone_number_id}\",\"to\":\"15551234567\",\"text\":\"Hello\"}}'"
    ))
}
