//! `avenping audit verify`

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use crate::cli::output;
use crate::store::{AuditChain, AuditHead, Store};

const EXAMPLES: &str = "Examples:
  avenping audit verify
  avenping audit verify | tail -n 1 > noted
  avenping audit verify --noted \"$(cat noted)\"";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Verify {
    /// An entry as an earlier run told it, ID:HASH: it must still be there, and the same
    #[arg(long, value_name = "ID:HASH")]
    noted: Option<Noted>,

    /// Print one JSON object: ok, how many entries, and the last hash or the first fault
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug)]
struct Noted {
    id: i64,
    hash: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_entry: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl Verify {
    pub(super) async fn run(self, store: &Store) -> anyhow::Result<ExitCode> {
        let chain = store.check_audit_chain().await.context("cannot read the entries")?;
        let (entry, fault) = match chain {
            AuditChain::Broken { entry, fault } => (entry, fault.to_string()),
            AuditChain::Holds(head) => match self.against_what_was_noted(store).await? {
                Some(broken) => broken,
                None => {
                    self.tell_that_it_holds(&head)?;
                    return Ok(ExitCode::SUCCESS);
                }
            },
        };
        self.tell_that_it_is_broken(entry, fault)?;
        Ok(ExitCode::FAILURE)
    }

    /// Whether the entry that was noted is not there any more, or is another one.
    async fn against_what_was_noted(&self, store: &Store) -> anyhow::Result<Option<(i64, String)>> {
        let Some(Noted { id, hash }) = &self.noted else { return Ok(None) };
        let found = store.audit_entries(None, Some(id.saturating_add(1)), 1).await;
        let found = found.context("cannot read the entry that was noted")?;
        let found = found.first().filter(|entry| entry.id == *id);
        Ok(match found {
            Some(entry) if entry.hash.eq_ignore_ascii_case(hash) => None,
            Some(_) => Some((*id, "is not the one that was noted".to_owned())),
            None => Some((*id, "was noted, and is not there any more".to_owned())),
        })
    }

    fn tell_that_it_holds(&self, AuditHead { id, hash }: &AuditHead) -> anyhow::Result<()> {
        if self.json {
            let (entries, last_hash) = (Some(*id), Some(hash.as_str()));
            let told = Told { ok: true, entries, last_hash, broken_entry: None, fault: None };
            return output::json(&told);
        }
        if *id == 0 {
            return output::line("there is no entry yet");
        }
        output::line(format_args!("{id} entries, and every one is what was written; the last is"))?;
        output::line(format_args!("{id}:{hash}"))
    }

    fn tell_that_it_is_broken(&self, entry: i64, fault: String) -> anyhow::Result<()> {
        if self.json {
            let (broken_entry, fault) = (Some(entry), Some(fault));
            let told = Told { ok: false, entries: None, last_hash: None, broken_entry, fault };
            return output::json(&told);
        }
        output::line(format_args!("the chain is broken: entry {entry} {fault}"))
    }
}

impl FromStr for Noted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || "must be ID:HASH, as `avenping audit verify` prints it".to_owned();
        let (id, hash) = text.trim().split_once(':').ok_or_else(fault)?;
        let id = id.parse().map_err(|_| fault())?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(Self { id, hash: hash.to_owned() }) } else { Err(fault()) }
    }
}
