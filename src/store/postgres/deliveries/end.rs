//! How attempts end: those that end at the same time in one commit.

use sqlx::{query, query_as};

use super::super::audit::append;
use super::super::messages::column;
use super::super::{Postgres, Writing};
use crate::model::{AccountId, Actor, Timestamp};
use crate::store::audit::deeds;
use crate::store::commit_groups::{Done, each};
use crate::store::rows::{Ended, EndedAttempt, LONGEST_SHUT, LogRow, by_delivery, news};
use crate::store::sql::deliveries as sql;
use crate::store::{AttemptEnd, AttemptEnding, StoreError};

/// What a crash of the server undoes is attempted once more, under the same id. A group holds rows
/// that others may want in another order, so it gives way at the first lock that it does not get
/// soon, long before the server looks for deadlocks.
const BEGIN: &str = "
    BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '200ms'";

/// Then each of its attempts is ended alone, one behind the other. What does not get its locks even
/// so is written later, as what is told while the database is away.
const BEGIN_ALONE: &str = "
    BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '500ms'";

const LOG: &str = "
    INSERT INTO delivery_attempts (account_id, delivery_id, at, status, error, duration_ms)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])";

impl Postgres {
    pub(super) async fn end_attempts(&self, endings: &[AttemptEnding]) -> Done<bool> {
        let begin = if endings.len() > 1 { BEGIN } else { BEGIN_ALONE };
        let mut tx = self.writers.begin(begin).await?;
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
    if rows.is_empty() {
        return Ok(());
    }
    let log = query(LOG)
        .bind(column(&rows, |row| row.account))
        .bind(column(&rows, |row| row.delivery))
        .bind(column(&rows, |row| row.attempt.at.as_millis()))
        .bind(column(&rows, LogRow::status))
        .bind(column(&rows, LogRow::error))
        .bind(column(&rows, |row| row.attempt.duration_ms));
    log.execute(&mut **tx).await?;
    Ok(())
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
