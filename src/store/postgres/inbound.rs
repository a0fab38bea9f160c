//! Inbound posts in PostgreSQL.

mod take_in;

use async_trait::async_trait;
use sqlx::query_as;

use super::{Postgres, forget};
use crate::model::Timestamp;
use crate::store::rows::RouteRow;
use crate::store::{Inbound, InboundPost, InboundRoute, StoreError, TakenIn, intake};

pub(super) use take_in::insert_events;

const ROUTES: &str = "
    SELECT n.account_id, n.id AS found_by, w.url, w.events
    FROM phone_numbers n LEFT JOIN webhook_configs w ON w.account_id = n.account_id
    WHERE n.id = ANY($1)
    UNION ALL
    SELECT a.account_id, a.waba_id AS found_by, w.url, w.events
    FROM whatsapp_accounts a LEFT JOIN webhook_configs w ON w.account_id = a.account_id
    WHERE a.waba_id = ANY($2)
    ORDER BY found_by, account_id";

#[async_trait]
impl Inbound for Postgres {
    async fn inbound_routes(
        &self,
        phone_numbers: &[String],
        wabas: &[String],
    ) -> Result<Vec<InboundRoute>, StoreError> {
        let rows = query_as(ROUTES).bind(askable(phone_numbers)).bind(askable(wabas));
        let rows = async { Ok(rows.fetch_all(&self.pool).await?) };
        let rows: Vec<RouteRow> = self.within(rows).await?;
        Ok(rows.into_iter().map(RouteRow::into_route).collect())
    }

    async fn take_in(&self, posts: &[InboundPost]) -> Result<TakenIn, StoreError> {
        if posts.is_empty() {
            return Ok(TakenIn::default());
        }
        let sealed = intake::sealed(posts, &self.keyring)?;
        let taken = self.within(self.write_down(posts, &sealed)).await?;
        if !taken.events.is_empty() {
            self.work.announce();
        }
        Ok(taken)
    }

    async fn forget_inbound(
        &self,
        posts_before: Timestamp,
        marks_before: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let posts = self.forget(&[(forget::POSTS, posts_before)], limit).await?;
        let marks = self.forget(&[(forget::SEEN, marks_before)], limit).await?;
        Ok(posts + marks)
    }
}

/// PostgreSQL takes U+0000 for an error, even in a question.
fn askable(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).filter(|id| !id.contains('\0')).collect()
}
