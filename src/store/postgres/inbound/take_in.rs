//! Taking in posts: the same few statements, however many posts they are.

use std::collections::HashSet;

use sqlx::{query, query_scalar};

use super::super::accounts::data_keys;
use super::super::{Postgres, Writing, messages};
use crate::model::DeliveryId;
use crate::store::intake::{self, EventRow, Mark, MarkRow, PostRow};
use crate::store::{InboundPost, StoreError, TakenIn};

/// One that another node has just written is waited for: only when it has committed do we know
/// that ours is a repeat.
const INSERT_SEEN: &str = "
    INSERT INTO inbound_seen (account_id, mark, seen_at)
    SELECT * FROM UNNEST($1::text[], $2::bytea[], $3::bigint[])
    ON CONFLICT DO NOTHING RETURNING mark";

const INSERT_CONTACTS: &str = "
    INSERT INTO contacts (account_id, mark, first_seen)
    SELECT * FROM UNNEST($1::text[], $2::bytea[], $3::bigint[])
    ON CONFLICT DO NOTHING RETURNING mark";

/// Whoever listens is told when all of it is committed, and not before.
const INSERT_EVENTS: &str = "
    WITH numbered AS MATERIALIZED (
        SELECT nextval('event_sequence') AS sequence, given.*
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[],
                    $7::bigint[])
             WITH ORDINALITY
             AS given (account_id, id, kind, body, delivery, follows, created_at, place)
        ORDER BY place),
    told AS (
        INSERT INTO events (account_id, sequence, id, kind, body, created_at)
        SELECT account_id, sequence, id, kind, body, created_at FROM numbered),
    made AS (
        INSERT INTO deliveries
            (account_id, id, sequence, follows, state, due_at, manual, created_at)
        SELECT account_id, delivery, sequence, follows, 'pending', created_at, $8, created_at
        FROM numbered)
    SELECT pg_notify('avenping_deliveries', '')";

const INSERT_POSTS: &str = "
    INSERT INTO inbound_posts (received_at, keep, payload, payload_key_id)
    SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bytea[], $4::text[])";

impl Postgres {
    pub(super) async fn write_down(
        &self,
        posts: &[InboundPost],
        sealed: &[PostRow],
    ) -> Result<TakenIn, StoreError> {
        let mut tx = self.write().await?;
        let keys = data_keys(&mut tx, &intake::accounts(posts), &self.keyring).await?;

        let mut arrivals = keys.marked(posts);
        let told = arrivals.len();
        let new = insert_marks(&mut tx, INSERT_SEEN, &intake::seen_rows(&arrivals)).await?;
        intake::keep_new(&mut arrivals, new);

        let contacts = intake::contact_rows(&arrivals);
        let contacts = insert_marks(&mut tx, INSERT_CONTACTS, &contacts).await?;
        let events = intake::event_rows(&arrivals, contacts)?;
        insert_events(&mut tx, &events, false).await?;
        let (statuses, answered) = (intake::statuses(&arrivals), intake::answered(&arrivals));
        messages::apply_statuses(&mut tx, &statuses, &self.keyring).await?;
        messages::count_answers(&mut tx, &answered, &self.keyring).await?;
        insert_posts(&mut tx, sealed).await?;
        tx.commit().await?;
        Ok(intake::taken_in(told, &arrivals, &events))
    }
}

async fn insert_marks(
    tx: &mut Writing,
    insert: &'static str,
    rows: &[MarkRow<'_>],
) -> Result<HashSet<Mark>, StoreError> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let insert = query_scalar(insert)
        .bind(rows.iter().map(|row| row.account).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.mark[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>());
    intake::new_marks(insert.fetch_all(&mut **tx).await?)
}

/// Writes the events in this order, each with a delivery.
pub(in super::super) async fn insert_events(
    tx: &mut Writing,
    rows: &[EventRow<'_>],
    by_hand: bool,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = query(INSERT_EVENTS)
        .bind(rows.iter().map(|row| row.account).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.kind.name()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.body[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.delivery.as_str()).collect::<Vec<_>>())
        .bind(
            rows.iter().map(|row| row.follows.as_ref().map(DeliveryId::as_str)).collect::<Vec<_>>(),
        )
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(by_hand);
    insert.execute(&mut **tx).await?;
    Ok(())
}

async fn insert_posts(tx: &mut Writing, rows: &[PostRow]) -> Result<(), StoreError> {
    let insert = query(INSERT_POSTS)
        .bind(rows.iter().map(|row| row.received_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.keep).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.payload.bytes[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.payload.key_id.as_str()).collect::<Vec<_>>());
    insert.execute(&mut **tx).await?;
    Ok(())
}
