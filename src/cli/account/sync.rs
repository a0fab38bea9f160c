//! `avenping account sync`: adds and updates, and removes nothing.

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::cli::actor::actor;
use crate::cli::graph_failure::Advice;
use crate::cli::which_account::WhichAccount;
use crate::cli::{CommonSettings, credentials, output, progress};
use crate::clock::Clock;
use crate::graph::{Graph, GraphFailure};
use crate::metrics::Upstream;
use crate::model::{Account, AccountId, GraphId, PhoneNumber};
use crate::store::{AccountChange, Store};
use crate::traces::Traces;

#[derive(Args, Debug)]
pub(in crate::cli) struct Sync {
    #[command(flatten)]
    account: WhichAccount,

    /// Print one JSON object: what became of each phone number, and how many forms were seen
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    account_id: &'a AccountId,
    phone_numbers: Numbers,
    forms: usize,
}

/// The ids of phone numbers, by what became of them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    added: Vec<GraphId>,
    updated: Vec<GraphId>,
    unchanged: Vec<GraphId>,
    /// The account has them, and Graph did not name them.
    not_listed: Vec<GraphId>,
}

impl Sync {
    pub(super) async fn run(self, store: &Store, settings: &CommonSettings) -> anyhow::Result<()> {
        let account = self.account.find(store).await?;
        let whatsapp = account.whatsapp.as_ref().context("the account has no WhatsApp account")?;
        let token = whatsapp.meta_token.as_ref().with_context(|| {
            format!(
                "the account has no Meta token; `avenping account update {} \
                 --meta-token-file FILE` sets one",
                account.email
            )
        })?;
        let (clock, metrics) = (Clock::system(), Upstream::default());
        let graph = Graph::new(settings.graph.clone(), clock, metrics, Traces::default())?;
        let credentials = credentials::of(&account, token);

        let bar = progress::bar(2, "lists");
        let listed = graph.phone_numbers(credentials, &whatsapp.waba_id).await;
        let listed =
            listed.map_err(|failure| cannot("read the phone numbers", &failure, &account))?;
        let phone_numbers = save_numbers(store, &account, listed).await?;

        bar.inc(1);

        let flows = graph.flows(credentials, &whatsapp.waba_id).await;
        let flows = flows.map_err(|failure| {
            cannot("read the forms (the phone numbers are up to date)", &failure, &account)
        })?;
        let saved = store.save_flows(&account.id, &flows, Clock::system().now()).await;
        saved.context("cannot write the forms")?;
        bar.finish_and_clear();

        let outcome = Outcome { account_id: &account.id, phone_numbers, forms: flows.len() };
        if self.json { output::json(&outcome) } else { tell(&outcome, &account) }
    }
}

async fn save_numbers(
    store: &Store,
    account: &Account,
    listed: Vec<PhoneNumber>,
) -> anyhow::Result<Numbers> {
    let mut numbers = Numbers::default();
    let is_listed = |id: &GraphId| listed.iter().any(|number| number.id == *id);
    let known = account.phone_numbers.iter().map(|number| &number.id);
    numbers.not_listed = known.filter(|id| !is_listed(id)).cloned().collect();

    let mut change = AccountChange::default();
    for number in listed {
        let known = account.owned_number(number.id.as_str());
        let number = known.map_or_else(|| number.clone(), |known| merged(&number, known));
        let became = match known {
            None => &mut numbers.added,
            Some(known) if *known == number => &mut numbers.unchanged,
            Some(_) => &mut numbers.updated,
        };
        became.push(number.id.clone());
        change.add_numbers.push(number);
    }
    let now = Clock::system().now();
    let changed = store.change_account(&account.id, &change, &actor(), now).await;
    ensure!(changed.context("cannot write the phone numbers")?, "the account was just deleted");
    Ok(numbers)
}

/// What Graph says now, and what was known where it says nothing.
fn merged(listed: &PhoneNumber, known: &PhoneNumber) -> PhoneNumber {
    let or = |new: &str, old: &str| if new.is_empty() { old.to_owned() } else { new.to_owned() };
    PhoneNumber {
        id: listed.id.clone(),
        number: or(&listed.number, &known.number),
        name: or(&listed.name, &known.name),
    }
}

fn cannot(what: &str, failure: &GraphFailure, account: &Account) -> anyhow::Error {
    let Advice { happened, fix } = Advice::on(failure, account);
    anyhow::anyhow!("cannot {what}: {happened}\n{fix}")
}

fn tell(outcome: &Outcome<'_>, account: &Account) -> anyhow::Result<()> {
    let Numbers { added, updated, unchanged, not_listed } = &outcome.phone_numbers;
    output::line(format_args!(
        "phone numbers: {} added, {} updated, {} unchanged",
        added.len(),
        updated.len(),
        unchanged.len()
    ))?;
    output::line(format_args!("forms: {} seen", outcome.forms))?;
    for id in not_listed {
        output::line(format_args!(
            "Meta does not list {id}; if it is gone: \
             avenping account update {} --remove-phone {id}",
            account.email
        ))?;
    }
    Ok(())
}
