//! Claims of many keys.

use std::collections::HashSet;

use super::machine_time;
use crate::store::commit_groups::Done;
use crate::store::rows::messages::NewMessage;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::sqlite::{Sqlite, Writing, messages};
use crate::store::{Claimed, SendClaim, StoreError};

/// With room for the reply, which is written into it in its place: a row that grows makes others move
/// to other pages. It is no reply as long as it has no status.
const CLAIM: &str = "
    INSERT INTO sends (account_id, key, fingerprint, message_id, state, lease_until, created_at,
                       reply_body)
    SELECT a.id, told.column2, told.column3, told.column4, 1, told.column5, told.column6,
           zeroblob(400) FROM (";

const WHAT_IS_FREE: &str = ") AS told CROSS JOIN accounts a ON a.id = told.column1
    WHERE true ON CONFLICT (account_id, key) DO NOTHING";

const WON: &str = "SELECT s.message_id FROM (";

const BY_ITS_CLAIM: &str = ") AS told CROSS JOIN sends s
    ON s.account_id = told.column1 AND s.key = told.column2 AND s.message_id = told.column3";

impl Sqlite {
    /// Of two claims of one key the first wins.
    pub(super) async fn claim_all(&self, tx: &mut Writing, claims: &[&SendClaim]) -> Done<Claimed> {
        let clock = machine_time();
        let mut rows: Vec<_> =
            claims.iter().map(|claim| (*claim, NewMessage::of(&claim.message))).collect();
        let mut lost = HashSet::new();
        for part in parts(&rows) {
            let bind = |row: &mut Row<'_>, claim: &(_, _)| bind(row, claim, clock);
            let claimed =
                Statement::new(CLAIM, part, bind, WHAT_IS_FREE).execute(&mut **tx).await?;
            // Mostly all are free, and a row told for each would wake whoever waits for it.
            if claimed < part.len() {
                let won = Statement::new(WON, part, bind_key, BY_ITS_CLAIM);
                let won: HashSet<(String,)> = won.fetch_all(&mut **tx).await?.into_iter().collect();
                let messages = part.iter().map(|(claim, _)| claim.message.id.as_str());
                lost.extend(messages.filter(|id| !won.contains(&((*id).to_owned(),))));
            }
        }
        rows.retain(|(_, message)| !lost.contains(&*message.id));
        let recorded: Vec<_> = rows.into_iter().map(|(_, message)| message).collect();
        messages::begin(tx, &recorded).await?;

        let mut claimed = Vec::with_capacity(claims.len());
        for claim in claims {
            claimed.push(if lost.contains(claim.message.id.as_str()) {
                self.held(tx, claim, clock).await?.ok_or(StoreError::NoAccount)
            } else {
                Ok(Claimed::Won)
            });
        }
        Ok(claimed)
    }
}

fn bind(row: &mut Row<'_>, (claim, message): &(&SendClaim, NewMessage<'_>), clock: i64) {
    let lease = i64::try_from(claim.lease.as_millis()).unwrap_or(i64::MAX);
    row.push_bind(message.account_id).push_bind(&*claim.key).push_bind(&claim.fingerprint[..]);
    row.push_bind(&*message.id).push_bind(clock.saturating_add(lease));
    row.push_bind(message.created_at);
}

fn bind_key(row: &mut Row<'_>, (claim, message): &(&SendClaim, NewMessage<'_>)) {
    row.push_bind(message.account_id).push_bind(&*claim.key).push_bind(&*message.id);
}
