//! Between the rows of messages and their records.

use std::borrow::Cow;

use sqlx::FromRow;

use crate::model::{
    AccountId, MessageId, MessageRecord, Progress, SendOutcome, SendResult, Timestamp,
};
use crate::store::rows::graph_id;
use crate::store::statuses::rank;
use crate::store::text::{kept, kept_key};
use crate::store::{Cause, MessagePage, StoreError};

#[derive(FromRow)]
pub(in crate::store) struct MessageRow {
    id: String,
    phone_number_id: String,
    recipient: String,
    kind: String,
    reference: Option<String>,
    form: Option<String>,
    created_at: i64,
    outcome: i16,
    progress: i16,
    wamid: Option<String>,
    wa_id: Option<String>,
    sent_at: Option<i64>,
    delivered_at: Option<i64>,
    read_at: Option<i64>,
    failed_at: Option<i64>,
    error: Option<String>,
}

/// A record as it is written. Nothing in it can be refused, or it would cost its whole batch.
pub(in crate::store) struct NewMessage<'a> {
    pub(in crate::store) account_id: &'a str,
    pub(in crate::store) id: Cow<'a, str>,
    pub(in crate::store) phone_number_id: &'a str,
    pub(in crate::store) recipient: Cow<'a, str>,
    pub(in crate::store) kind: Cow<'a, str>,
    pub(in crate::store) reference: Option<Cow<'a, str>>,
    pub(in crate::store) form: Option<Cow<'a, str>>,
    pub(in crate::store) created_at: i64,
    pub(in crate::store) outcome: i16,
    pub(in crate::store) progress: i16,
    pub(in crate::store) wamid: Option<Cow<'a, str>>,
    pub(in crate::store) wa_id: Option<Cow<'a, str>>,
    pub(in crate::store) sent_at: Option<i64>,
    pub(in crate::store) delivered_at: Option<i64>,
    pub(in crate::store) read_at: Option<i64>,
    pub(in crate::store) failed_at: Option<i64>,
    pub(in crate::store) error: Option<Cow<'a, str>>,
}

impl MessageRow {
    pub(in crate::store) fn into_record(
        self,
        account: &AccountId,
    ) -> Result<MessageRecord, StoreError> {
        let outcome = outcome(self.outcome)?;
        let (wamid, wa_id) = (self.wamid, self.wa_id);
        Ok(MessageRecord {
            id: MessageId::from_stored(self.id),
            account: account.clone(),
            phone_number: graph_id(&self.phone_number_id, "messages.phone_number_id")?,
            to: self.recipient,
            kind: self.kind,
            reference: self.reference,
            form: self.form,
            created_at: Timestamp::from_millis(self.created_at),
            result: outcome.map(|outcome| SendResult { outcome, wamid, wa_id }),
            progress: progress(self.progress)?,
            sent_at: self.sent_at.map(Timestamp::from_millis),
            delivered_at: self.delivered_at.map(Timestamp::from_millis),
            read_at: self.read_at.map(Timestamp::from_millis),
            failed_at: self.failed_at.map(Timestamp::from_millis),
            error: self.error,
        })
    }
}

impl MessagePage {
    /// The rows are one more than `limit`, if there are that many.
    pub(in crate::store) fn of(
        rows: Vec<MessageRow>,
        account: &AccountId,
        limit: i64,
    ) -> Result<Self, StoreError> {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = rows.len() > limit;
        let messages = rows.into_iter().take(limit).map(|row| row.into_record(account));
        let messages: Vec<_> = messages.collect::<Result<_, _>>()?;
        let last = messages.last().map(|record| record.id.clone());
        Ok(Self { messages, next: last.filter(|_| more) })
    }

    /// The page is short, but not because that was all: it goes on behind the last message that was
    /// looked at. New ones may have come since, so it may lie before the last one that was found.
    pub(in crate::store) fn goes_on_behind(&mut self, last_looked_at: Option<String>) {
        let looked_at = last_looked_at.map(MessageId::from_stored);
        let found = self.messages.last().map(|record| record.id.clone());
        self.next = looked_at.map(|id| found.map_or(id.clone(), |found| found.min(id)));
    }
}

impl<'a> NewMessage<'a> {
    pub(in crate::store) fn of(record: &'a MessageRecord) -> Self {
        let result = record.result.as_ref();
        Self {
            account_id: record.account.as_str(),
            id: kept_key(record.id.as_str()),
            phone_number_id: record.phone_number.as_str(),
            recipient: kept_key(&record.to),
            kind: kept(&record.kind),
            reference: record.reference.as_deref().map(kept_key),
            form: record.form.as_deref().map(kept_key),
            created_at: record.created_at.as_millis(),
            outcome: result.map_or(0, |result| outcome_code(result.outcome)),
            progress: record.progress.map_or(0, rank),
            wamid: result.and_then(|result| result.wamid.as_deref()).map(kept_key),
            wa_id: result.and_then(|result| result.wa_id.as_deref()).map(kept),
            sent_at: record.sent_at.map(Timestamp::as_millis),
            delivered_at: record.delivered_at.map(Timestamp::as_millis),
            read_at: record.read_at.map(Timestamp::as_millis),
            failed_at: record.failed_at.map(Timestamp::as_millis),
            error: record.error.as_deref().map(kept),
        }
    }
}

/// As it is stored; 0 stands for none.
pub(in crate::store) fn outcome_code(outcome: SendOutcome) -> i16 {
    match outcome {
        SendOutcome::Accepted => 1,
        SendOutcome::NotSent => 2,
        SendOutcome::Rejected => 3,
        SendOutcome::Unknown => 4,
    }
}

fn outcome(code: i16) -> Result<Option<SendOutcome>, StoreError> {
    Ok(Some(match code {
        0 => return Ok(None),
        1 => SendOutcome::Accepted,
        2 => SendOutcome::NotSent,
        3 => SendOutcome::Rejected,
        4 => SendOutcome::Unknown,
        _ => return Err(StoreError::Query(Cause::unreadable("messages.outcome"))),
    }))
}

fn progress(code: i16) -> Result<Option<Progress>, StoreError> {
    Ok(Some(match code {
        0 => return Ok(None),
        1 => Progress::Sent,
        2 => Progress::Delivered,
        3 => Progress::Read,
        4 => Progress::Played,
        _ => return Err(StoreError::Query(Cause::unreadable("messages.progress"))),
    }))
}
