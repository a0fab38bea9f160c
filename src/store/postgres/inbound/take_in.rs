//! Taking in posts: the same few statements, however many posts they are.

use std::collections::HashSet;

use sqlx::{query, query_as};

use super::super::accounts::data_keys;
use super::super::messages::{self, column};
use super::super::{Postgres, Writing};
use crate::model::DeliveryId;
use crate::store::intake::{self, EventRow, Mark, MarkRow, PostRow};
use crate::store::{InboundPost, StoreError, TakenIn};

/// The posts, and the repeat marks and contacts of what is in them. A mark that another node has just
/// written is waited for: only when it has committed do we know that ours is a repeat. The contacts of
/// a repeat are known already. Answers the new marks, and whether each is that of a contact.
const INSERT_POSTS: &str = "
    WITH posts AS (
        INSERT INTO inbound_posts (received_at, keep, payload, payload_key_id)
        SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bytea[], $4::text[])),
    seen AS (
        INSERT INTO inbound_seen (account_id, mark, seen_at)
        SELECT * FROM UNNEST($5::text[], $6::bytea[], $7::bigint[])
        ON CONFLICT DO NOTHING RETURNING mark),
    met AS (
        INSERT INTO contacts (account_id, mark, first_seen)
        SELECT * FROM UNNEST($8::text[], $9::bytea[], $10::bigint[])
        ON CONFLICT DO NOTHING RETURNING mark)
    SELECT mark, FALSE FROM seen UNION ALL SELECT mark, TRUE FROM met";

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
        let (seen, contacts) = (intake::seen_rows(&arrivals), intake::contact_rows(&arrivals));
        let (new, contacts) = insert_posts(&mut tx, sealed, &seen, &contacts).await?;
        intake::keep_new(&mut arrivals, new);
        let events = intake::event_rows(&arrivals, contacts)?;
        insert_events(&mut tx, &events, false).await?;
        let (statuses, answered) = (intake::statuses(&arrivals), intake::answered(&arrivals));
        messages::apply_statuses(&mut tx, &statuses, &self.keyring).await?;
        messages::count_answers(&mut tx, &answered, &self.keyring).await?;
        tx.commit().await?;
        Ok(intake::taken_in(told, &arrivals, &events))
    }
}

/// Answers the marks that are new: of arrivals, and of contacts.
async fn insert_posts(
    tx: &mut Writing,
    posts: &[PostRow],
    seen: &[MarkRow<'_>],
    contacts: &[MarkRow<'_>],
) -> Result<(HashSet<Mark>, HashSet<Mark>), StoreError> {
    let insert = query_as(INSERT_POSTS)
        .bind(column(posts, |post| post.received_at))
        .bind(column(posts, |post| post.keep))
        .bind(column(posts, |post| &post.payload.bytes[..]))
        .bind(column(posts, |post| post.payload.key_id.as_str()))
        .bind(column(seen, |row| row.account))
        .bind(column(seen, |row| &row.mark[..]))
        .bind(column(seen, |row| row.at))
        .bind(column(contacts, |row| row.account))
        .bind(column(contacts, |row| &row.mark[..]))
        .bind(column(contacts, |row| row.at));
    let new: Vec<(Vec<u8>, bool)> = insert.fetch_all(&mut **tx).await?;
    let (contacts, seen): (Vec<_>, Vec<_>) = new.into_iter().partition(|(_, contact)| *contact);
    let marks = |new: Vec<_>| intake::read_marks(new.into_iter().map(|(mark, _)| mark).collect());
    Ok((marks(seen)?, marks(contacts)?))
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
        .bind(column(rows, |row| row.account))
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.kind.name()))
        .bind(column(rows, |row| &row.body[..]))
        .bind(column(rows, |row| row.delivery.as_str()))
        .bind(column(rows, |row| row.follows.as_ref().map(DeliveryId::as_str)))
        .bind(column(rows, |row| row.created_at))
        .bind(by_hand);
    insert.execute(&mut **tx).await?;
    Ok(())
}
