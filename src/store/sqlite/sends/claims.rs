//! Claims of many keys, in one commit.

use std::collections::HashSet;
use std::sync::Arc;

use super::machine_time;
use crate::store::commit_groups::Done;
use crate::store::rows::messages::NewMessage;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::sqlite::{Sqlite, messages};
use crate::store::{Claimed, SendClaim, StoreError};

const CLAIM: &str = "
    INSERT INTO sends (account_id, key, fingerprint, message_id, state, lease_until, created_at)
    SELECT a.id, told.column2, told.column3, told.column4, 1, told.column5, told.column6 FROM (";

const WHAT_IS_FREE: &str = ") AS told CROSS JOIN accounts a ON a.id = told.column1
    WHERE true ON CONFLICT (account_id, key) DO NOTHING RETURNING message_id";

impl Sqlite {
    /// Of two claims of one key the first wins.
    pub(super) async fn claim_all(&self, claims: &[Arc<SendClaim>]) -> Done<Claimed> {
        let mut tx = self.write().await?;
        let clock = machine_time();
        let mut rows: Vec<_> =
            claims.iter().map(|claim| (claim, NewMessage::of(&claim.message))).collect();
        let mut won = HashSet::new();
        for part in parts(&rows) {
            let bind = |row: &mut Row<'_>, claim: &(_, _)| bind(row, claim, clock);
            let claim = Statement::new(CLAIM, part, bind, WHAT_IS_FREE);
            let free: Vec<(String,)> = claim.fetch_all(&mut *tx).await?;
            won.extend(free.into_iter().map(|(message,)| message));
        }
        rows.retain(|(_, message)| won.contains(&*message.id));
        let recorded: Vec<_> = rows.into_iter().map(|(_, message)| message).collect();
        messages::insert(&mut tx, &recorded).await?;

        let mut claimed = Vec::with_capacity(claims.len());
        for claim in claims {
            claimed.push(if won.contains(claim.message.id.as_str()) {
                Ok(Claimed::Won)
            } else {
                self.held(&mut tx, claim, clock).await?.ok_or(StoreError::NoAccount)
            });
        }
        tx.commit().await?;
        Ok(claimed)
    }
}

fn bind(row: &mut Row<'_>, (claim, message): &(&Arc<SendClaim>, NewMessage<'_>), clock: i64) {
    let lease = i64::try_from(claim.lease.as_millis()).unwrap_or(i64::MAX);
    row.push_bind(message.account_id).push_bind(&*claim.key).push_bind(&claim.fingerprint[..]);
    row.push_bind(&*message.id).push_bind(clock.saturating_add(lease));
    row.push_bind(message.created_at);
}
