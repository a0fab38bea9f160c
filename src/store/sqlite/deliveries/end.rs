//! How attempts end.

use sqlx::{query, query_scalar};

use super::super::audit::append;
use super::super::{Sqlite, Writing};
use crate::model::{AccountId, Actor, DeliveryAttempt, DeliveryId, Timestamp};
use crate::store::audit::deeds;
use crate::store::rows::Ended;
use crate::store::sql::deliveries as sql;
use crate::store::{AttemptEnd, StoreError};

impl Sqlite {
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
        // What a crash of the machine undoes is attempted once more, under the same id.
        let mut tx = self.write_lightly().await?;
        let ended = Ended::of(end, now);
        let account = if ended.counts {
            query_scalar(sql::END)
                .bind(id)
                .bind(lease)
                .bind(ended.state)
                .bind(ended.retry_at)
                .bind(ended.delivered_at)
                .bind(ended.ended_at)
        } else {
            query_scalar(sql::GIVE_BACK).bind(id).bind(lease)
        };
        let account: Option<String> = account.fetch_optional(&mut *tx).await?;
        let Some(account) = account else { return Ok(false) };
        if let Some(attempt) = attempt {
            log(&mut tx, &account, id, attempt).await?;
        }
        judge(&mut tx, &account, end, ended.shut_until, now).await?;
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

/// Keeps count of how the endpoint fares.
async fn judge(
    tx: &mut Writing,
    account: &str,
    end: &AttemptEnd,
    shut_until: Option<i64>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let now = now.as_millis();
    let failed = query(sql::FAILED).bind(account).bind(now).bind(shut_until);
    let judged = match end {
        AttemptEnd::GiveBack => return Ok(()),
        AttemptEnd::Delivered => query(sql::WELL).bind(account).bind(now),
        AttemptEnd::Retry(_) | AttemptEnd::Dead | AttemptEnd::Disable(_) => failed,
    };
    judged.execute(&mut **tx).await?;
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
