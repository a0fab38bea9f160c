//! Ends of many sends, in one commit.

use std::borrow::Cow;

use sqlx::query;

use crate::model::{AccountId, MessageId, SendResult, Timestamp};
use crate::store::keyring::DataKey;
use crate::store::rows::messages::outcome_code;
use crate::store::rows::sends::sealed_reply;
use crate::store::sql::messages::SET_RESULT;
use crate::store::sql::sends::{DOUBT_SEND, FINISH_SEND, RELEASE_SEND};
use crate::store::sqlite::accounts::data_keys;
use crate::store::sqlite::commit_groups::Done;
use crate::store::sqlite::{Sqlite, Writing, messages};
use crate::store::statuses::Recorded;
use crate::store::text::{kept, kept_key};
use crate::store::{SendEnd, StoreError};

/// How a send ended, and what its message is to know of it.
pub(in crate::store::sqlite) struct Ending {
    pub(super) account: AccountId,
    pub(super) key: String,
    pub(super) message: MessageId,
    pub(super) end: SendEnd,
    pub(super) result: SendResult,
    pub(super) error: Option<String>,
    pub(super) at: Timestamp,
}

impl Sqlite {
    pub(super) async fn end_all(&self, endings: &[Ending]) -> Done<bool> {
        let mut tx = self.write().await?;
        let mut accounts: Vec<_> = endings.iter().map(|ending| ending.account.as_str()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let keys = data_keys(&mut tx, &accounts, &self.keyring).await?;
        let mut held = Vec::with_capacity(endings.len());
        for ending in endings {
            // An account that has gone has taken its sends along.
            held.push(Ok(match keys.of(ending.account.as_str()) {
                Some(key) => ending.write(&mut tx, key).await?,
                None => false,
            }));
        }
        // Without our id in it, a status waits under the wamid until somebody knows whose it is.
        let wamids: Vec<_> = endings.iter().map(Ending::wamid).collect();
        let known = endings.iter().zip(&wamids).filter_map(|(ending, wamid)| {
            let wamid = wamid.as_deref()?;
            Some(Recorded::of(&ending.account, &ending.message, Some(wamid)))
        });
        messages::settle(&mut tx, &known.collect::<Vec<_>>(), &self.keyring).await?;
        tx.commit().await?;
        Ok(held)
    }
}

impl Ending {
    fn wamid(&self) -> Option<Cow<'_, str>> {
        self.result.wamid.as_deref().map(kept_key)
    }

    /// Whether the send was there to be ended.
    async fn write(&self, tx: &mut Writing, key: &DataKey) -> Result<bool, StoreError> {
        let (end, reply) = match &self.end {
            SendEnd::Final(reply) => (FINISH_SEND, Some(reply)),
            SendEnd::Unknown(reply) => (DOUBT_SEND, Some(reply)),
            SendEnd::Released => (RELEASE_SEND, None),
        };
        let (account, message) = (self.account.as_str(), self.message.as_str());
        let mut end = query(end).bind(account).bind(&self.key).bind(message);
        if let Some(reply) = reply {
            let (status, body) = sealed_reply(reply, key)?;
            end = end.bind(status).bind(body).bind(self.at.as_millis());
        }
        let held = end.execute(&mut **tx).await?.rows_affected() > 0;
        let set = query(SET_RESULT)
            .bind(account)
            .bind(message)
            .bind(outcome_code(self.result.outcome))
            .bind(self.wamid())
            .bind(self.result.wa_id.as_deref().map(kept))
            .bind(self.error.as_deref().map(kept));
        set.execute(&mut **tx).await?;
        Ok(held)
    }
}
