//! Between the rows of sends and what a claim comes to.

use sqlx::FromRow;

use crate::model::{AccountId, MessageId, MessageRecord, SendOutcome};
use crate::store::keyring::DataKey;
use crate::store::{Cause, Claimed, Keyring, SendClaim, StoreError, StoredReply};

const REPLY: &str = "sends.reply_body";

#[derive(FromRow)]
pub(in crate::store) struct SendRow {
    fingerprint: Vec<u8>,
    message_id: String,
    state: i16,
    /// The lease has run out.
    lapsed: bool,
    reply_status: Option<i16>,
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

/// A reply as it is written: status and body.
pub(in crate::store) fn sealed_reply(
    reply: &StoredReply,
    key: &DataKey,
) -> Result<(i16, Vec<u8>), StoreError> {
    let status = i16::try_from(reply.status).unwrap_or(i16::MAX);
    let body = key.seal_bytes(REPLY, &reply.body)?;
    Ok((status, body))
}
