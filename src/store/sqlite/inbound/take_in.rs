//! Taking in posts: a few statements for all of them, each with many rows.

use std::collections::HashSet;

use sqlx::query_scalar;

use super::super::rows_at_once::{Row, Statement, parts};
use super::super::{Sqlite, Writing, messages};
use crate::model::DeliveryId;
use crate::store::intake::{self, EventRow, Mark, MarkRow, PostRow};
use crate::store::{InboundPost, StoreError, TakenIn};

const INSERT_SEEN: &str = "INSERT INTO inbound_seen (account_id, mark, seen_at) ";

const INSERT_CONTACTS: &str = "INSERT INTO contacts (account_id, mark, first_seen) ";

const THE_NEW_ONES: &str = " ON CONFLICT DO NOTHING RETURNING mark";

const SEEN_BEFORE: &str = "SELECT s.mark FROM (";

const OF_THESE: &str = ") AS told CROSS JOIN inbound_seen s
    ON s.account_id = told.column1 AND s.mark = told.column2";

const LAST_SEQUENCE: &str =
    "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";

const INSERT_EVENTS: &str =
    "INSERT INTO events (sequence, account_id, id, kind, body, created_at) ";

const INSERT_DELIVERIES: &str = "
    INSERT INTO deliveries
        (sequence, account_id, id, follows, state, due_at, manual, created_at) ";

const INSERT_POSTS: &str =
    "INSERT INTO inbound_posts (received_at, keep, payload, payload_key_id) ";

impl Sqlite {
    pub(super) async fn write_down(
        &self,
        posts: &[InboundPost],
        sealed: &[PostRow],
    ) -> Result<TakenIn, StoreError> {
        let (mut tx, keys) = self.write_with_keys(intake::accounts(posts)).await?;

        let mut arrivals = keys.marked(posts);
        let told = arrivals.len();
        let new = mark_seen(&mut tx, intake::seen_rows(&arrivals)).await?;
        intake::keep_new(&mut arrivals, new);

        let contacts = new_contacts(&mut tx, &intake::contact_rows(&arrivals)).await?;
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

/// Nobody else writes, so what was not there before can be told before it is written. The other way
/// round each row that is written would be a message from the thread of SQLite, and most are new.
async fn mark_seen(
    tx: &mut Writing,
    mut rows: Vec<MarkRow<'_>>,
) -> Result<HashSet<Mark>, StoreError> {
    let mut seen = Vec::new();
    for part in parts(&rows) {
        let bind = |row: &mut Row<'_>, mark: &MarkRow<'_>| {
            row.push_account(mark.account).push_bind(&mark.mark[..]);
        };
        seen.extend(marks(tx, Statement::new(SEEN_BEFORE, part, bind, OF_THESE)).await?);
    }
    let seen = intake::read_marks(seen)?;
    rows.retain(|row| !seen.contains(&row.mark));
    for part in parts(&rows) {
        Statement::new(INSERT_SEEN, part, bind_mark, "").execute(&mut **tx).await?;
    }
    Ok(rows.iter().map(|row| row.mark).collect())
}

/// Most contacts are known, and only those that are not are told.
async fn new_contacts(tx: &mut Writing, rows: &[MarkRow<'_>]) -> Result<HashSet<Mark>, StoreError> {
    let mut new = Vec::new();
    for part in parts(rows) {
        let insert = Statement::new(INSERT_CONTACTS, part, bind_mark, THE_NEW_ONES);
        new.extend(marks(tx, insert).await?);
    }
    intake::read_marks(new)
}

async fn marks(tx: &mut Writing, of: Statement) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = of.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|(mark,)| mark).collect())
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
    // Nobody else writes, so the next numbers are known.
    let last: i64 = query_scalar(LAST_SEQUENCE).fetch_one(&mut **tx).await?;
    let numbered: Vec<_> = (last + 1..).zip(rows).collect();
    for part in parts(&numbered) {
        let bind = |row: &mut Row<'_>, &(sequence, event): &(i64, &EventRow<'_>)| {
            row.push_bind(sequence)
                .push_account(event.account)
                .push_bind(event.delivery.as_str())
                .push_bind(event.follows.as_ref().map(DeliveryId::as_str))
                .push_bind("pending")
                .push_bind(event.created_at)
                .push_bind(by_hand)
                .push_bind(event.created_at);
        };
        Statement::new(INSERT_EVENTS, part, bind_event, "")
            .and(INSERT_DELIVERIES, part, bind, "")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn insert_posts(tx: &mut Writing, rows: &[PostRow]) -> Result<(), StoreError> {
    for part in parts(rows) {
        Statement::new(INSERT_POSTS, part, bind_post, "").execute(&mut **tx).await?;
    }
    Ok(())
}

fn bind_mark(row: &mut Row<'_>, mark: &MarkRow<'_>) {
    row.push_account(mark.account).push_bind(&mark.mark[..]).push_bind(mark.at);
}

fn bind_event(row: &mut Row<'_>, &(sequence, event): &(i64, &EventRow<'_>)) {
    row.push_bind(sequence)
        .push_account(event.account)
        .push_bind(event.id)
        .push_bind(event.kind.name())
        .push_bind(&event.body[..])
        .push_bind(event.created_at);
}

fn bind_post(row: &mut Row<'_>, post: &PostRow) {
    row.push_bind(post.received_at)
        .push_bind(post.keep)
        .push_bind(&post.payload.bytes[..])
        .push_bind(post.payload.key_id.as_str());
}
