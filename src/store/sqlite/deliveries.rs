//! Deliveries in SQLite.

mod claim;
mod end;

use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{query, query_as, query_scalar};

use super::audit::append;
use super::inbound::insert_events;
use super::{Sqlite, Writing, json};
use crate::model::{
    AccountId, Actor, Deed, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, NewEvent,
    Timestamp,
};
use crate::store::audit::deeds;
use crate::store::intake::EventRow;
use crate::store::rows::{AttemptRow, DeliveryRow, Forgiven, HealthRow};
use crate::store::sql::deliveries as sql;
use crate::store::{
    AttemptEnd, AttemptEnding, ClaimedDelivery, Deliveries, EndpointHealth, StoreError,
};

/// What was delivered, and may lose its body; then the bodies themselves.
const FORGET_BODIES: [&str; 2] = [
    "UPDATE deliveries SET kept = FALSE WHERE sequence IN
         (SELECT sequence FROM deliveries
          WHERE state = 'delivered' AND kept = TRUE AND ended_at < $1 LIMIT $2)
     RETURNING sequence",
    "UPDATE events SET body = NULL WHERE sequence IN (SELECT value FROM json_each($1))",
];

/// What has ended, with its log; then what it was about.
const FORGET_ALL: [&str; 2] = [
    "DELETE FROM deliveries WHERE sequence IN
         (SELECT sequence FROM deliveries
          WHERE state IN ('delivered', 'dead') AND kept IN (TRUE, FALSE) AND ended_at < $1
          LIMIT $2)
     RETURNING sequence",
    "DELETE FROM events WHERE sequence IN (SELECT value FROM json_each($1))",
];

#[async_trait]
impl Deliveries for Sqlite {
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_ends: Timestamp,
        limit: i64,
        per_account: i64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        self.take_on(now, lease_ends, limit, per_account).await
    }

    async fn end_attempt(&self, ending: &AttemptEnding) -> Result<bool, StoreError> {
        if ending.delivery.as_str().contains('\0') || ending.lease.contains('\0') {
            return Ok(false);
        }
        let ended = self.attempts.join(ending.clone(), async |endings| {
            let ended = Box::pin(self.end_attempts(&endings)).await;
            (endings, ended)
        });
        let ended = self.within(ended).await?;
        if ended && ending.end == AttemptEnd::GiveBack {
            self.work.announce();
        }
        Ok(ended)
    }

    async fn endpoint_health(&self, account: &AccountId) -> Result<EndpointHealth, StoreError> {
        let row = query_as(sql::HEALTH).bind(account.as_str());
        let row = async { Ok(row.fetch_optional(&self.readers).await?) };
        let row: Option<HealthRow> = self.within(row).await?;
        Ok(row.map(HealthRow::into_health).unwrap_or_default())
    }

    async fn enable_endpoint(
        &self,
        account: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let forgiven = self.within(async {
            let mut tx = self.write().await?;
            let forgiven = forgive(&mut tx, account).await?;
            append(&mut tx, by, now, Some(account), forgiven.enabled.as_slice()).await?;
            tx.commit().await?;
            Ok(forgiven.any)
        });
        if forgiven.await? {
            self.work.announce();
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        account: &AccountId,
        event: &NewEvent,
        now: Timestamp,
    ) -> Result<DeliveryId, StoreError> {
        let made = self.within(async {
            let mut tx = self.write().await?;
            let data_key = super::accounts::data_key(&mut tx, account).await?;
            let data_key = data_key.ok_or(StoreError::NoAccount)?;
            let data_key = self.keyring.data_key(account, &data_key)?;
            let row = EventRow::new(account, event, &data_key, now)?;
            insert_events(&mut tx, std::slice::from_ref(&row), true).await?;
            tx.commit().await?;
            Ok(row.delivery)
        });
        let made = made.await?;
        self.work.announce();
        Ok(made)
    }

    async fn deliveries(
        &self,
        account: &AccountId,
        state: Option<DeliveryState>,
        after: Option<&DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let after = after.map_or(sql::BEHIND_ALL, DeliveryId::as_str);
        if after.contains('\0') {
            return Ok(Vec::new());
        }
        let rows = query_as(sql::in_state(state)).bind(account.as_str()).bind(after);
        let rows = rows.bind(limit.max(0));
        let rows = async { Ok(rows.fetch_all(&self.readers).await?) };
        let rows: Vec<DeliveryRow> = self.within(rows).await?;
        rows.into_iter().map(|row| row.into_delivery(account)).collect()
    }

    async fn delivery(
        &self,
        account: &AccountId,
        id: &DeliveryId,
    ) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>, StoreError> {
        if id.as_str().contains('\0') {
            return Ok(None);
        }
        self.within(async {
            let row = query_as(sql::ONE).bind(account.as_str()).bind(id.as_str());
            let row: Option<DeliveryRow> = row.fetch_optional(&self.readers).await?;
            let Some(row) = row else { return Ok(None) };
            let log = query_as(sql::ATTEMPTS).bind(account.as_str()).bind(id.as_str());
            let log: Vec<AttemptRow> = log.fetch_all(&self.readers).await?;
            let log = log.into_iter().map(AttemptRow::into_attempt).collect();
            Ok(Some((row.into_delivery(account)?, log)))
        })
        .await
    }

    async fn redeliver(
        &self,
        account: &AccountId,
        id: &DeliveryId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if id.as_str().contains('\0') {
            return Ok(false);
        }
        let due =
            query(sql::REDELIVER).bind(account.as_str()).bind(id.as_str()).bind(now.as_millis());
        let deed = |_| deeds::redelivered(id);
        Ok(self.within(self.make_due(due, account, deed, by, now)).await? > 0)
    }

    async fn redeliver_range(
        &self,
        account: &AccountId,
        from: Timestamp,
        to: Timestamp,
        limit: i64,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let due = query(sql::REDELIVER_RANGE)
            .bind(account.as_str())
            .bind(limit.max(0))
            .bind(now.as_millis())
            .bind(DeliveryId::first_of(from).as_str().to_owned())
            .bind(DeliveryId::first_of(to).as_str().to_owned());
        let deed = |count| deeds::range_redelivered(from, to, count);
        self.within(self.make_due(due, account, deed, by, now)).await
    }

    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.find_oldest_due(now).await
    }

    async fn pending_deliveries(&self, most: i64) -> Result<u64, StoreError> {
        let count = query_scalar(sql::COUNT_PENDING).bind(most.max(0));
        let count = async { Ok(count.fetch_one(&self.readers).await?) };
        let count: i64 = self.within(count).await?;
        Ok(count.unsigned_abs())
    }

    async fn wait_for_work(&self) {
        self.work.wait().await;
    }

    async fn forget_deliveries(
        &self,
        bodies_before: Timestamp,
        all_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.write_lightly().await?;
            let mut gone = 0;
            for ([ended, events], before) in
                [(FORGET_BODIES, bodies_before), (FORGET_ALL, all_before)]
            {
                let ended = query_scalar(ended).bind(before.as_millis()).bind(limit.max(0));
                let ended: Vec<i64> = ended.fetch_all(&mut *tx).await?;
                let events = query(events).bind(json(&ended)?);
                gone += events.execute(&mut *tx).await?.rows_affected();
            }
            tx.commit().await?;
            Ok(gone)
        })
        .await
    }
}

impl Sqlite {
    async fn make_due(
        &self,
        due: Query<'_, sqlx::Sqlite, SqliteArguments>,
        account: &AccountId,
        deed: impl Fn(u64) -> Deed + Send,
        by: &Actor,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let count = due.execute(&mut *tx).await?.rows_affected();
        if count == 0 {
            return Ok(0);
        }
        append(&mut tx, by, now, Some(account), &[deed(count)]).await?;
        tx.commit().await?;
        self.work.announce();
        Ok(count)
    }
}

/// Forgets the failures of an endpoint, and says whether it was disabled.
pub(super) async fn forgive(tx: &mut Writing, account: &AccountId) -> Result<Forgiven, StoreError> {
    let forgive = query_scalar(sql::FORGIVE).bind(account.as_str());
    Ok(Forgiven::of(forgive.fetch_optional(&mut **tx).await?))
}
