//! Claims of many keys.

use std::collections::HashSet;

use sqlx::query_scalar;

use super::machine_time;
use crate::store::commit_groups::Done;
use crate::store::rows::messages::NewMessage;
use crate::store::sqlite::rows_at_once::{Row, Statement, parts};
use crate::store::sqlite::{Sqlite, Writing, messages};
use crate::store::{Claimed, SendClaim, StoreError};

/// With room for the reply to come: a row that grows makes others move to other pages. Most replies,
/// sealed, take 250 to 300 bytes. It is no reply as long as it has no status.
const CLAIM: &str = "
    INSERT INTO sends (account_id, key, fingerprint, message_id, state, lease_until, created_at,
                       reply_body)
    SELECT a.id, told.column2, told.column3, told.column4, 1, told.column5, told.column6,
           zeroblob(320) FROM (";

const WHAT_IS_FREE: &str = ") AS told CROSS JOIN accounts a ON a.id = told.column1
    WHERE true ON CONFLICT (account_id, key) DO NOTHING";

/// The rows of an insert get the highest numbers, and no two messages have one id.
const NEWEST: &str = "SELECT message_id FROM sends ORDER BY rowid DESC LIMIT $1";

impl Sqlite {
    /// Of two claims of one key the first wins.
    pub(super) async fn claim_all(&self, tx: &mut Writing, claims: &[&SendClaim]) -> Done<Claimed> {
        let clock = machine_time();
        let rows: Vec<_> =
            claims.iter().map(|claim| (*claim, NewMessage::of(&claim.message))).collect();
        let mut won = Vec::with_capacity(claims.len());
        for part in parts(&rows) {
            let bind = |row: &mut Row<'_>, claim: &(_, _)| bind(row, claim, clock);
            let claimed =
                Statement::new(CLAIM, part, bind, WHAT_IS_FREE).execute(&mut **tx).await?;
            // Mostly all are free, and a row told for each would wake whoever waits for it.
            if claimed == part.len() {
                won.extend(part.iter().map(|_| true));
                continue;
            }
            let newest = query_scalar(NEWEST).bind(i64::try_from(claimed).unwrap_or_default());
            let newest: Vec<String> = newest.fetch_all(&mut **tx).await?;
            let mut newest: HashSet<_> = newest.into_iter().collect();
            won.extend(part.iter().map(|(_, message)| newest.remove(&*message.id)));
        }
        let begun = rows.into_iter().zip(&won);
        let begun: Vec<_> = begun.filter_map(|((_, row), won)| won.then_some(row)).collect();
        messages::begin(tx, &begun).await?;

        let mut claimed = Vec::with_capacity(claims.len());
        for (claim, won) in claims.iter().zip(won) {
            claimed.push(if won {
                Ok(Claimed::Won)
            } else {
                self.held(tx, claim, clock).await?.ok_or(StoreError::NoAccount)
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
