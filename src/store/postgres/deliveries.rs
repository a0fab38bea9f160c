//! Deliveries in PostgreSQL.

mod claim;
mod end;
mod listen;

use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{query, query_as, query_scalar};

use super::audit::append;
use super::inbound::insert_events;
use super::{Postgres, Writing, forget};
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

const NOTIFY: &str = "SELECT pg_notify('avenping_deliveries', '')";

#[async_trait]
impl Deliveries for Postgres {
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
        let row = async { Ok(row.fetch_optional(&self.pool).await?) };
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
            let data_key = super::accounts::lock(&mut tx, account).await?;
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
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
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
            let row: Option<DeliveryRow> = row.fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(None) };
            let log = query_as(sql::ATTEMPTS).bind(account.as_str()).bind(id.as_str());
            let log: Vec<AttemptRow> = log.fetch_all(&self.pool).await?;
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
        let count = async { Ok(count.fetch_one(&self.pool).await?) };
        let count: i64 = self.within(count).await?;
        Ok(count.unsigned_abs())
    }

    async fn wait_for_work(&self) {
        self.hear_of_work().await;
    }

    async fn forget_deliveries(
        &self,
        bodies_before: Timestamp,
        all_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let bodies = [(forget::BODIES, bodies_before.max(all_before))];
        let bodies = self.forget(&bodies, limit).await?;
        let all = [(forget::DELIVERED, all_before), (forget::DEAD, all_before)];
        Ok(bodies + self.forget(&all, limit).await?)
    }
}

impl Postgres {
    async fn make_due(
        &self,
        due: Query<'_, sqlx::Postgres, PgArguments>,
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
        query(NOTIFY).execute(&mut *tx).await?;
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
