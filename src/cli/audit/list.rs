//! `avenping audit list`

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::{output, which_account};
use crate::model::{AccountId, AuditEntry, Timestamp};
use crate::store::Store;

const EXAMPLES: &str = "Examples:
  avenping audit list
  avenping audit list --account ada@example.com --limit 10
  avenping audit list --after 4711 --json";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct List {
    /// Only what was done to this account: its id, which is known also when the account is gone,
    /// or its email
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// How many entries
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,

    /// Go on behind this entry: the last one of a list
    #[arg(long, value_name = "ID")]
    after: Option<i64>,

    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryView<'a> {
    id: i64,
    at: Timestamp,
    action: &'a str,
    actor: &'a str,
    actor_name: Option<&'a str>,
    address: Option<&'a str>,
    request_id: Option<&'a str>,
    account_id: Option<&'a AccountId>,
    details: Details<'a>,
    hash: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Read(Box<RawValue>),
    /// Somebody has altered them.
    Unreadable(&'a str),
}

impl List {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<()> {
        let account = match &self.account {
            Some(which) => Some(account(store, which).await?),
            None => None,
        };
        let entries = store.audit_entries(account.as_ref(), self.after, self.limit.into()).await;
        let entries = entries.context("cannot read the entries")?;
        if self.json {
            return output::json(&entries.iter().map(EntryView::from).collect::<Vec<_>>());
        }
        if entries.is_empty() {
            return output::line("there is no entry");
        }
        let mut table = output::table();
        table.set_header(["ID", "TIME", "WHAT"]);
        for entry in &entries {
            table.add_row([entry.id.to_string(), seconds(entry.at), lines(entry)]);
        }
        output::print_table(&table)?;
        match entries.last() {
            Some(last) if last.id > 1 && entries.len() == usize::from(self.limit) => {
                output::line(format_args!("\nthere may be more: --after {}", last.id))
            }
            _ => Ok(()),
        }
    }
}

/// The account may be gone, and what was done to it is still of interest.
async fn account(store: &Store, which: &str) -> anyhow::Result<AccountId> {
    match which_account::find(store, which).await {
        Ok(account) => Ok(account.id),
        Err(error) => {
            let id = uuid::Uuid::try_parse(which).map_err(|_| error)?;
            Ok(AccountId::from_stored(id.to_string()))
        }
    }
}

/// What was done, by whom and to whom; each where there is one, on a line of its own.
fn lines(entry: &AuditEntry) -> String {
    let view = EntryView::from(entry);
    let who = view.actor_name.map(|name| format!(" {name}")).unwrap_or_default();
    let mut lines = vec![format!("{} by {}{who}", view.action, view.actor)];
    lines.extend(view.account_id.map(|account| format!("account {account}")));
    lines.extend(view.address.map(|address| format!("from {address}")));
    lines.extend(view.request_id.map(|request| format!("request {request}")));
    lines.extend((entry.details != "{}").then(|| with_spaces(&entry.details)));
    let lines: Vec<_> = lines.iter().map(|line| output::visible(line)).collect();
    lines.join("\n")
}

/// JSON that a line can be broken in.
fn with_spaces(json: &str) -> String {
    json.replace(",\"", ", \"").replace("\":", "\": ")
}

fn seconds(moment: Timestamp) -> String {
    let text = moment.to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

impl<'a> From<&'a AuditEntry> for EntryView<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        let details = RawValue::from_string(entry.details.clone());
        Self {
            id: entry.id,
            at: entry.at,
            action: &entry.action,
            actor: &entry.actor,
            actor_name: entry.actor_name.as_deref(),
            address: entry.address.as_deref(),
            request_id: entry.request_id.as_deref(),
            account_id: entry.account.as_ref(),
            details: details.map_or(Details::Unreadable(&entry.details), Details::Read),
            hash: &entry.hash,
        }
    }
}
