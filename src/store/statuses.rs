//! What statuses of Meta's do to the records: worked out here, alike for both databases.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::rows::messages::NewMessage;
use super::text::{kept, kept_key};
use crate::model::{AccountId, MessageId, Progress, StatusKind, StatusUpdate};

const FAILED: i16 = 5;

/// A status as it is written down while it waits for its message.
#[derive(Clone, Debug, FromRow)]
pub(super) struct StatusRow {
    pub(super) account_id: String,
    pub(super) wamid: String,
    pub(super) message_id: Option<String>,
    pub(super) kind: i16,
    pub(super) recipient: Option<String>,
    pub(super) at: i64,
    pub(super) error: Option<String>,
}

/// What the statuses of one batch do to one message, together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Advance {
    pub(super) account_id: String,
    pub(super) id: String,
    pub(super) wamid: String,
    pub(super) wa_id: Option<String>,
    pub(super) progress: i16,
    pub(super) sent_at: Option<i64>,
    pub(super) delivered_at: Option<i64>,
    pub(super) read_at: Option<i64>,
    pub(super) failed_at: Option<i64>,
    pub(super) error: Option<String>,
}

/// A message that statuses may have been waiting for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded<'a> {
    pub(super) account_id: &'a str,
    pub(super) id: &'a str,
    pub(super) wamid: Option<&'a str>,
}

impl StatusRow {
    pub(super) fn of(account: &AccountId, told: &StatusUpdate) -> Self {
        let (kind, error) = match &told.kind {
            StatusKind::Progress(progress) => (rank(*progress), None),
            StatusKind::Failed(error) => (FAILED, error.as_deref()),
        };
        Self {
            account_id: account.as_str().to_owned(),
            wamid: kept_key(&told.wamid).into_owned(),
            message_id: told.message.as_ref().map(|id| kept_key(id.as_str()).into_owned()),
            kind,
            recipient: told.recipient.as_deref().map(|text| kept(text).into_owned()),
            at: told.at.as_millis(),
            error: error.map(|text| kept(text).into_owned()),
        }
    }
}

impl<'a> Recorded<'a> {
    pub(super) fn of(account: &'a AccountId, id: &'a MessageId, wamid: Option<&'a str>) -> Self {
        Self { account_id: account.as_str(), id: id.as_str(), wamid }
    }
}

impl<'a> From<&'a NewMessage<'_>> for Recorded<'a> {
    fn from(row: &'a NewMessage<'_>) -> Self {
        Self { account_id: row.account_id, id: &row.id, wamid: row.wamid.as_deref() }
    }
}

impl Advance {
    fn none(told: &StatusRow, id: String) -> Self {
        Self {
            account_id: told.account_id.clone(),
            id,
            wamid: told.wamid.clone(),
            wa_id: None,
            progress: 0,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            error: None,
        }
    }

    fn take(&mut self, told: StatusRow) {
        self.wa_id = self.wa_id.take().or(told.recipient);
        if told.kind == FAILED {
            if self.failed_at.is_none() {
                self.failed_at = Some(told.at);
                self.error = told.error;
            }
            return;
        }
        self.progress = self.progress.max(told.kind);
        let time = match told.kind {
            1 => &mut self.sent_at,
            2 => &mut self.delivered_at,
            3 => &mut self.read_at,
            _ => return,
        };
        time.get_or_insert(told.at);
    }
}

/// As it is stored; 0 stands for none.
pub(super) fn rank(progress: Progress) -> i16 {
    match progress {
        Progress::Sent => 1,
        Progress::Delivered => 2,
        Progress::Read => 3,
        Progress::Played => 4,
    }
}

/// Puts together what the statuses do to each message that was found for them, in the order in
/// which two nodes lock messages; and what is left over.
pub(super) fn sort_out(
    told: Vec<StatusRow>,
    found: Vec<Option<String>>,
) -> (Vec<Advance>, Vec<StatusRow>) {
    let mut advances = BTreeMap::new();
    let mut missing = Vec::new();
    for (told, found) in told.into_iter().zip(found) {
        let Some(id) = found else {
            missing.push(told);
            continue;
        };
        advances
            .entry((told.account_id.clone(), id.clone()))
            .or_insert_with(|| Advance::none(&told, id))
            .take(told);
    }
    (advances.into_values().collect(), missing)
}
