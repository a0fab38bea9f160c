//! How attempts end: those that end at the same time in one commit.

use sqlx::{query, query_as};

use super::super::audit::append;
use super::super::rows_at_once::{Row, Statement, parts};
use super::super::{Sqlite, Writing};
use crate::model::{AccountId, Actor, Timestamp};
use crate::store::audit::deeds;
use crate::store::commit_groups::{Done, each};
use crate::store::rows::{Ended, EndedAttempt, LONGEST_SHUT, LogRow, by_delivery, news};
use crate::store::sql::deliveries as sql;
use crate::store::{AttemptEnd, AttemptEnding, StoreError};

const LOG: &str = "
    INSERT INTO delivery_attempts (account_id, delivery_id, at, status, error, duration_ms) ";

impl Sqlite {
    pub(super) async fn end_attempts(&self, endings: &[AttemptEnding]) -> Done<bool> {
        // What a crash of the machine undoes is attempted once more, under the same id.
        let mut tx = self.write_lightly().await?;
        let mut ended = Vec::with_capacity(endings.len());
        for (place, ending) in by_delivery(endings) {
            if let Some((account, state)) = end(&mut tx, ending).await? {
                ended.push(EndedAttempt { place, ending, account, pending: state == "pending" });
            }
        }
        log(&mut tx, &ended).await?;
        for EndedAttempt { ending, account, .. } in tell_health(&mut tx, &mut ended).await? {
            if let AttemptEnd::Disable(reason) = ending.end {
                let account = AccountId::from_stored(account.clone());
                let deed = deeds::endpoint_disabled(&ending.delivery, reason);
                append(&mut tx, &Actor::GATEWAY, ending.at, Some(&account), &[deed]).await?;
            }
        }
        tx.commit().await?;
        Ok(each(endings.len(), ended.iter().map(|ended| ended.place)))
    }
}

/// Answers the account and the new state of the delivery; `None` if the lease is not held.
async fn end(
    tx: &mut Writing,
    ending: &AttemptEnding,
) -> Result<Option<(String, String)>, StoreError> {
    let ended = Ended::of(&ending.end, ending.at);
    let (id, lease) = (ending.delivery.as_str(), ending.lease.as_str());
    let found = if ended.counts {
        query_as(sql::END)
            .bind(id)
            .bind(lease)
            .bind(ended.state)
            .bind(ended.retry_at)
            .bind(ended.delivered_at)
            .bind(ended.ended_at)
    } else {
        query_as(sql::GIVE_BACK).bind(id).bind(lease)
    };
    Ok(found.fetch_optional(&mut **tx).await?)
}

async fn log(tx: &mut Writing, ended: &[EndedAttempt<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = ended.iter().filter_map(EndedAttempt::log).collect();
    for part in parts(&rows) {
        Statement::new(LOG, part, bind_log, "").execute(&mut **tx).await?;
    }
    Ok(())
}

fn bind_log(row: &mut Row<'_>, log: &LogRow<'_>) {
    row.push_account(log.account)
        .push_bind(log.delivery)
        .push_bind(log.attempt.at.as_millis())
        .push_bind(log.status())
        .push_bind(log.error().as_deref())
        .push_bind(log.attempt.duration_ms);
}

/// How the endpoints fare. Answers the attempts by which one was disabled.
async fn tell_health<'a, 'e>(
    tx: &mut Writing,
    ended: &'a mut [EndedAttempt<'e>],
) -> Result<Vec<&'a EndedAttempt<'e>>, StoreError> {
    let mut disabled = Vec::new();
    for one in news(ended) {
        let EndedAttempt { ending, account, pending, .. } = one;
        let AttemptEnding { delivery, end, at, .. } = ending;
        if *end == AttemptEnd::Delivered {
            query(sql::WELL).bind(account).bind(at.as_millis()).execute(&mut **tx).await?;
            continue;
        }
        count_failure(tx, account, delivery.as_str(), *pending, *at).await?;
        if let AttemptEnd::Disable(reason) = end
            && disable(tx, account, reason, *at).await?
        {
            disabled.push(one);
        }
    }
    Ok(disabled)
}

/// Keeps count of failures in a row, and leaves the endpoint alone after too many.
async fn count_failure(
    tx: &mut Writing,
    account: &str,
    delivery: &str,
    is_tried_again: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = query(sql::FAILED).bind(account).bind(now.as_millis());
    failed.bind(delivery).bind(is_tried_again).execute(&mut **tx).await?;
    let shut = query(sql::SHUT).bind(account).bind(now.plus(LONGEST_SHUT).as_millis());
    shut.execute(&mut **tx).await?;
    Ok(())
}

/// Pauses the endpoint. What did so first gives the moment and the reason: `false` if this did not.
async fn disable(
    tx: &mut Writing,
    account: &str,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let disable = query(sql::DISABLE).bind(account).bind(now.as_millis()).bind(reason);
    Ok(disable.execute(&mut **tx).await?.rows_affected() > 0)
}
