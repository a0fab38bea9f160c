//! Claims of many keys.

use std::collections::HashSet;

use sqlx::query_scalar;

use super::machine_time;
use crate::store::commit_groups::Done;
use crate::store::rows::messages::NewMessage;
use crate::store::sqlite::messages::{self, RECORD_BEGUN, bind_begun};
use crate::store::sqlite::rows_at_once::{MOST_ROWS, Row, Statement};
use crate::store::sqlite::{Sqlite, Writing};
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

/// The records of their messages, in the same journey. If some keys were held, it is not known yet of
/// which messages there is to be one, and none is written.
const IF_ALL_WERE_FREE: &str = ") AS told WHERE changes() = {rows}
    ON CONFLICT (account_id, id) DO NOTHING";

type Claim<'a> = (&'a SendClaim, NewMessage<'a>);

impl Sqlite {
    /// Of two claims of one key the first wins.
    pub(super) async fn claim_all(&self, tx: &mut Writing, claims: &[&SendClaim]) -> Done<Claimed> {
        let clock = machine_time();
        let rows: Vec<Claim<'_>> =
            claims.iter().map(|claim| (*claim, NewMessage::of(&claim.message))).collect();
        let mut won = Vec::with_capacity(claims.len());
        for part in rows.chunks(MOST_ROWS) {
            won.extend(claim(tx, part, clock).await?);
        }
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

/// Answers which of them have won.
async fn claim(tx: &mut Writing, rows: &[Claim<'_>], clock: i64) -> Result<Vec<bool>, StoreError> {
    let claim = Statement::new(CLAIM, rows, |to, row| bind(to, row, clock), WHAT_IS_FREE);
    let both =
        claim.and(RECORD_BEGUN, rows, |to, (_, message)| bind_begun(to, message), IF_ALL_WERE_FREE);
    let written = both.execute(&mut **tx).await?;
    // Mostly all are free, and a row told for each would wake whoever waits for it.
    if written >= rows.len() {
        return Ok(vec![true; rows.len()]);
    }
    let newest = query_scalar(NEWEST).bind(i64::try_from(written).unwrap_or_default());
    let newest: Vec<String> = newest.fetch_all(&mut **tx).await?;
    let mut newest: HashSet<_> = newest.into_iter().collect();
    let won: Vec<_> = rows.iter().map(|(_, message)| newest.remove(&*message.id)).collect();
    let begun = rows.iter().zip(&won).filter(|(_, won)| **won);
    let begun: Vec<_> = begun.map(|((_, message), _)| message).collect();
    messages::begin(tx, &begun).await?;
    Ok(won)
}

fn bind(to: &mut Row<'_>, (claim, message): &Claim<'_>, clock: i64) {
    let lease = i64::try_from(claim.lease.as_millis()).unwrap_or(i64::MAX);
    to.push_account(message.account_id).push_bind(&*claim.key).push_bind(&claim.fingerprint[..]);
    to.push_bind(&*message.id).push_bind(clock.saturating_add(lease));
    to.push_bind(message.created_at);
}
