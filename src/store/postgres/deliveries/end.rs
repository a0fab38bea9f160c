//! How attempts end.

use sqlx::{query, query_as};

use super::super::audit::append;
use super::super::{Postgres, Writing};
use crate::model::{AccountId, Actor, DeliveryAttempt, DeliveryId, Timestamp};
use crate::store::audit::deeds;
use crate::store::rows::{Ended, LONGEST_SHUT};
use crate::store::sql::deliveries as sql;
use crate::store::{AttemptEnd, StoreError};

impl Postgres {
    pub(super) async fn end(
        &self,
        delivery: &DeliveryId,
        lease: &str,
        attempt: Option<&DeliveryAttempt>,
        end: &AttemptEnd,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = delivery.as_str();
        if id.contains('\0') || lease.contains('\0') {
            return Ok(false);
        }
        // What a crash of the server undoes is attempted once more, under the same id.
        let mut tx = self.write_lightly().await?;
        let ended = Ended::of(end, now);
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
        let found: Option<(String, String)> = found.fetch_optional(&mut *tx).await?;
        let Some((account, state)) = found else { return Ok(false) };
        if let Some(attempt) = attempt {
            log(&mut tx, &account, id, attempt).await?;
        }
        match end {
            AttemptEnd::GiveBack => {}
            AttemptEnd::Delivered => {
                query(sql::WELL).bind(&account).bind(now.as_millis()).execute(&mut *tx).await?;
            }
            AttemptEnd::Retry(_) | AttemptEnd::Dead | AttemptEnd::Disable(_) => {
                count_failure(&mut tx, &account, id, state == "pending", now).await?;
            }
        }
        if let AttemptEnd::Disable(reason) = end {
            disable(&mut tx, &account, delivery, reason, now).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

async fn log(
    tx: &mut Writing,
    account: &str,
    delivery: &str,
    attempt: &DeliveryAttempt,
) -> Result<(), StoreError> {
    let log = query(sql::LOG)
        .bind(account)
        .bind(delivery)
        .bind(attempt.at.as_millis())
        .bind(attempt.status.map(i64::from))
        // PostgreSQL cannot hold U+0000, and what an endpoint says may be in here.
        .bind(attempt.error.as_ref().map(|error| error.replace('\0', "\u{fffd}")))
        .bind(attempt.duration_ms);
    log.execute(&mut **tx).await?;
    Ok(())
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

/// Pauses the endpoint. What did so first gives the moment and the reason.
async fn disable(
    tx: &mut Writing,
    account: &str,
    delivery: &DeliveryId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let disable = query(sql::DISABLE).bind(account).bind(now.as_millis()).bind(reason);
    if disable.execute(&mut **tx).await?.rows_affected() == 0 {
        return Ok(());
    }
    let account = AccountId::from_stored(account.to_owned());
    let deed = deeds::endpoint_disabled(delivery, reason);
    append(tx, &Actor::GATEWAY, now, Some(&account), &[deed]).await
}
