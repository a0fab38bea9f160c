//! Between the rows of sends and what a claim comes to, and how a send ends.

use std::borrow::Cow;

use sqlx::FromRow;

use crate::model::{AccountId, MessageId, MessageRecord, SendOutcome};
use crate::store::intake::DataKeys;
use crate::store::keyring::DataKey;
use crate::store::statuses::Recorded;
use crate::store::text::{kept, kept_key};
use crate::store::{Cause, Claimed, Ending, Keyring, SendClaim, SendEnd, StoreError, StoredReply};

const REPLY: &str = "sends.reply_body";

/// The states of a send that has ended.
const FINISHED: i16 = 2;
const UNKNOWN: i16 = 3;

#[derive(FromRow)]
pub(in crate::store) struct SendRow {
    fingerprint: Vec<u8>,
    message_id: String,
    state: i16,
    /// The lease has run out.
    lapsed: bool,
    reply_status: Option<i16>,
    /// Without a status it is none, but room for one.
    reply_body: Option<Vec<u8>>,
    data_key: Vec<u8>,
}

/// How the send that holds a key stands towards another claim of it.
pub(in crate::store) enum Standing {
    Settled(Claimed),
    /// It ran out of time, and somebody has to write that down first.
    Lapsed(MessageId),
    /// Its message may know more.
    Unknown(MessageId, Option<StoredReply>),
}

/// An ending of an account that is there, as it is written.
pub(in crate::store) struct EndRow<'a> {
    pub(in crate::store) ending: &'a Ending,
    /// In the group.
    pub(in crate::store) place: usize,
    /// `None` for a send that is released.
    pub(in crate::store) state: Option<i16>,
    /// Status and body.
    pub(in crate::store) reply: Option<(i16, Vec<u8>)>,
    pub(in crate::store) wamid: Option<&'a str>,
}

impl Ending {
    pub(in crate::store) fn wamid(&self) -> Option<Cow<'_, str>> {
        self.result.wamid.as_deref().map(kept_key)
    }

    pub(in crate::store) fn error(&self) -> Option<Cow<'_, str>> {
        self.error.as_deref().map(kept)
    }

    pub(in crate::store) fn wa_id(&self) -> Option<Cow<'_, str>> {
        self.result.wa_id.as_deref().map(kept)
    }
}

impl<'a> EndRow<'a> {
    /// An account that has gone has taken its sends along.
    pub(in crate::store) fn of_all(
        endings: &[&'a Ending],
        wamids: &'a [Option<Cow<'a, str>>],
        keys: &DataKeys,
    ) -> Result<Vec<Self>, StoreError> {
        let mut rows = Vec::with_capacity(endings.len());
        for (place, (&ending, wamid)) in endings.iter().zip(wamids).enumerate() {
            let Some(key) = keys.of(ending.claim.account().as_str()) else { continue };
            let (state, reply) = match &ending.end {
                SendEnd::Final(reply) => (Some(FINISHED), Some(sealed_reply(reply, key)?)),
                SendEnd::Unknown(reply) => (Some(UNKNOWN), Some(sealed_reply(reply, key)?)),
                SendEnd::Released => (None, None),
            };
            rows.push(Self { ending, place, state, reply, wamid: wamid.as_deref() });
        }
        Ok(rows)
    }

    /// A statement changes a row once: those that come first to their key, and the rest, which is to
    /// be written behind them.
    pub(in crate::store) fn first_of_each_key(mut rows: Vec<Self>) -> (Vec<Self>, Vec<Self>) {
        let key = |row: &Self| (row.account(), row.key());
        rows.sort_by_key(key);
        let mut before = None;
        rows.into_iter().partition(|row| before.replace(key(row)) != Some(key(row)))
    }

    pub(in crate::store) fn account(&self) -> &'a str {
        self.ending.claim.account().as_str()
    }

    pub(in crate::store) fn message(&self) -> &'a str {
        self.ending.claim.message.id.as_str()
    }

    pub(in crate::store) fn key(&self) -> &'a str {
        &self.ending.claim.key
    }
}

/// The messages whose wamid is known now. Without our id in it, a status waits under the wamid
/// until somebody knows whose it is.
pub(in crate::store) fn known<'a>(
    endings: &[&'a Ending],
    wamids: &'a [Option<Cow<'a, str>>],
) -> Vec<Recorded<'a>> {
    let known = endings.iter().zip(wamids).filter_map(|(ending, wamid)| {
        let message = &ending.claim.message;
        Some(Recorded::of(&message.account, &message.id, Some(wamid.as_deref()?)))
    });
    known.collect()
}

impl SendRow {
    pub(in crate::store) fn standing(
        self,
        claim: &SendClaim,
        keyring: &Keyring,
    ) -> Result<Standing, StoreError> {
        if self.fingerprint != claim.fingerprint {
            return Ok(Standing::Settled(Claimed::Reused));
        }
        let reply = self.reply(&claim.message.account, keyring)?;
        let message = MessageId::from_stored(self.message_id);
        match self.state {
            1 if self.lapsed => Ok(Standing::Lapsed(message)),
            1 => Ok(Standing::Settled(Claimed::InProgress)),
            2 => {
                let reply = reply.ok_or(StoreError::Damaged)?;
                Ok(Standing::Settled(Claimed::Finished { message, reply }))
            }
            3 => Ok(Standing::Unknown(message, reply)),
            _ => Err(StoreError::Query(Cause::unreadable("sends.state"))),
        }
    }

    fn reply(
        &self,
        account: &AccountId,
        keyring: &Keyring,
    ) -> Result<Option<StoredReply>, StoreError> {
        let (Some(status), Some(body)) = (self.reply_status, &self.reply_body) else {
            return Ok(None);
        };
        let unreadable = |_| StoreError::Query(Cause::unreadable("sends.reply_status"));
        let status = u16::try_from(status).map_err(unreadable)?;
        let body = keyring.data_key(account, &self.data_key)?.open_bytes(REPLY, body)?.to_vec();
        Ok(Some(StoredReply { status, body }))
    }
}

/// What the record of its message makes of an unknown send: Meta may have told more meanwhile.
pub(in crate::store) fn told_later(
    message: MessageId,
    reply: Option<StoredReply>,
    record: Option<MessageRecord>,
) -> Claimed {
    let accepted = |record: &MessageRecord| {
        record.result.as_ref().is_some_and(|result| result.outcome == SendOutcome::Accepted)
    };
    match record.filter(accepted) {
        Some(record) => Claimed::Resolved(Box::new(record)),
        None => Claimed::Unknown { message, reply },
    }
}

fn sealed_reply(reply: &StoredReply, key: &DataKey) -> Result<(i16, Vec<u8>), StoreError> {
    let status = i16::try_from(reply.status).unwrap_or(i16::MAX);
    let body = key.seal_bytes(REPLY, &reply.body)?;
    Ok((status, body))
}
