//! Statuses of Meta's, and the messages they move forward, in PostgreSQL.
//!
//! Of a message that is being recorded and its status, each could miss the other, as neither sees
//! what the other has not committed. So both lock their accounts: who records shares the lock with
//! others who record, who finds no message has it alone, and looks again once it has it.

use std::collections::BTreeSet;

use sqlx::{PgPool, query, query_as, query_scalar};

use super::{column, hold_messages, recipients};
use crate::model::{AccountId, StatusUpdate};
use crate::store::postgres::Writing;
use crate::store::recipients::Sent;
use crate::store::sql::messages::{advanced, advances, find_messages, keep_waiting};
use crate::store::statuses::{Advance, Recorded, StatusRow, sort_out};
use crate::store::{Keyring, StoreError};

/// The kind of the advisory locks; the other half is the account.
pub(in crate::store::postgres) const WAITING: i32 = 4;

/// Of these accounts those that are there. They stay so until the transaction ends, and till then no
/// status begins to wait.
macro_rules! hold_back {
    ($accounts:literal, $kind:literal) => {
        concat!(
            "SELECT id, data_key, pg_advisory_xact_lock_shared(",
            $kind,
            ", hashtext(id))::text FROM accounts
             WHERE id = ANY (",
            $accounts,
            ") ORDER BY id FOR KEY SHARE"
        )
    };
}
pub(in crate::store::postgres) use hold_back;

const SHARE: &str = hold_back!("$1", "$2");

const ALONE: &str = "
    SELECT pg_advisory_xact_lock($2, hashtext(a.id))
    FROM unnest($1::text[]) WITH ORDINALITY AS a (id, n) ORDER BY a.n";

macro_rules! find {
    ($column:literal) => {
        find_messages!(
            $column,
            "(SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
              AS t (account_id, wamid, message_id, n))"
        )
    };
}

const FIND: &str = find!("id");

const REFERENCES: &str = find!("reference");

/// The change is written as an insert that always finds its row: an update of many is a join.
const ADVANCE: &str = concat!(
    "WITH held AS MATERIALIZED (",
    hold_messages!(
        "unnest(
             $1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[],
             $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
         AS t (account_id, id, wamid, wa_id, progress, sent_at, delivered_at, read_at,
               failed_at, error)",
        "id",
        ""
    ),
    ")
     INSERT INTO messages
         (account_id, id, phone_number_id, recipient, kind, created_at, wamid, wa_id, progress,
          sent_at, delivered_at, read_at, failed_at, error)
     SELECT account_id, id, '', '', '', 0, wamid, wa_id, progress, sent_at, delivered_at, read_at,
            failed_at, error
     FROM held
     ON CONFLICT (account_id, id) DO UPDATE SET ",
    advances!(),
    advanced!()
);

const WAIT: &str = keep_waiting!(
    "(SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[],
                           $6::bigint[], $7::text[])
      AS t (account_id, wamid, kind, message_id, recipient, at, error))"
);

/// Takes out what waits for any of the messages. Each is looked up in an index: much may be waiting
/// that other programs have sent. The function `a_status_waits` asks for the same: where this finds
/// more, that has to.
const TAKE: &str = "
    DELETE FROM waiting_statuses WHERE ctid = ANY (ARRAY(
        SELECT w.place
        FROM unnest($1::text[], $2::text[], $3::text[]) AS r (account_id, id, wamid)
        CROSS JOIN LATERAL (
            (SELECT ctid AS place FROM waiting_statuses
             WHERE account_id = r.account_id AND wamid = r.wamid LIMIT 100)
            UNION ALL
            SELECT place FROM (SELECT ctid AS place, account_id FROM waiting_statuses
                               WHERE message_id = r.id LIMIT 100) m
            WHERE m.account_id = r.account_id) w))
    RETURNING account_id, wamid, message_id, kind, recipient, at, error";

/// Moves the messages that the statuses are about forward, each by all of its statuses; a status
/// whose message is not recorded waits for it. Together with it what it says is committed.
pub(in crate::store::postgres) async fn apply_statuses(
    tx: &mut Writing,
    told: &[(&AccountId, &StatusUpdate)],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let told: Vec<_> = told.iter().map(|(account, told)| StatusRow::of(account, told)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let mut found = find(tx, &told).await?;
    let lost = |(told, found): (&'_ StatusRow, &Option<String>)| {
        found.is_none().then(|| told.account_id.clone())
    };
    let accounts: BTreeSet<String> = told.iter().zip(&found).filter_map(lost).collect();
    if !accounts.is_empty() {
        let accounts: Vec<_> = accounts.into_iter().collect();
        query(ALONE).bind(accounts).bind(WAITING).execute(&mut **tx).await?;
        found = find(tx, &told).await?;
    }
    apply(tx, told, found, keyring).await
}

/// What their senders call the messages that the statuses are about, in the order given.
pub(in crate::store::postgres) async fn references(
    pool: &PgPool,
    told: &[(AccountId, StatusUpdate)],
) -> Result<Vec<Option<String>>, StoreError> {
    let told: Vec<_> = told.iter().map(|(account, told)| StatusRow::of(account, told)).collect();
    let found = query_scalar(REFERENCES)
        .bind(column(&told, |told| told.account_id.as_str()))
        .bind(column(&told, |told| told.wamid.as_str()))
        .bind(column(&told, |told| told.message_id.as_deref()));
    Ok(found.fetch_all(pool).await?)
}

/// Has statuses without a message wait until the messages that are about to be written are. Answers
/// which of the accounts are there, and their wrapped data keys.
pub(in crate::store::postgres) async fn hold_back_statuses(
    tx: &mut Writing,
    accounts: &BTreeSet<&str>,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let accounts: Vec<_> = accounts.iter().copied().collect();
    Ok(query_as(SHARE).bind(accounts).bind(WAITING).fetch_all(&mut **tx).await?)
}

/// Applies what has waited for messages that have just been written, or have got their wamid.
/// Their statuses are to be held back before that.
pub(in crate::store::postgres) async fn settle(
    tx: &mut Writing,
    recorded: &[Recorded<'_>],
    keyring: &Keyring,
) -> Result<(), StoreError> {
    if recorded.is_empty() {
        return Ok(());
    }
    let take = query_as(TAKE)
        .bind(column(recorded, |message| message.account_id))
        .bind(column(recorded, |message| message.id))
        .bind(column(recorded, |message| message.wamid));
    let waited: Vec<StatusRow> = take.fetch_all(&mut **tx).await?;
    if waited.is_empty() {
        return Ok(());
    }
    let found = find(tx, &waited).await?;
    apply(tx, waited, found, keyring).await
}

async fn find(tx: &mut Writing, told: &[StatusRow]) -> Result<Vec<Option<String>>, StoreError> {
    let find = query_scalar(FIND)
        .bind(column(told, |told| told.account_id.as_str()))
        .bind(column(told, |told| told.wamid.as_str()))
        .bind(column(told, |told| told.message_id.as_deref()));
    Ok(find.fetch_all(&mut **tx).await?)
}

async fn apply(
    tx: &mut Writing,
    told: Vec<StatusRow>,
    found: Vec<Option<String>>,
    keyring: &Keyring,
) -> Result<(), StoreError> {
    let (advances, missing) = sort_out(told, found);
    if !advances.is_empty() {
        let sent = advance(tx, &advances).await?;
        recipients::count(tx, &sent, keyring).await?;
    }
    if !missing.is_empty() {
        wait(tx, &missing).await?;
    }
    Ok(())
}

async fn advance(tx: &mut Writing, advances: &[Advance]) -> Result<Vec<Sent>, StoreError> {
    let advance = query_as(ADVANCE)
        .bind(column(advances, |to| to.account_id.as_str()))
        .bind(column(advances, |to| to.id.as_str()))
        .bind(column(advances, |to| to.wamid.as_str()))
        .bind(column(advances, |to| to.wa_id.as_deref()))
        .bind(column(advances, |to| to.progress))
        .bind(column(advances, |to| to.sent_at))
        .bind(column(advances, |to| to.delivered_at))
        .bind(column(advances, |to| to.read_at))
        .bind(column(advances, |to| to.failed_at))
        .bind(column(advances, |to| to.error.as_deref()));
    Ok(advance.fetch_all(&mut **tx).await?)
}

async fn wait(tx: &mut Writing, missing: &[StatusRow]) -> Result<(), StoreError> {
    let wait = query(WAIT)
        .bind(column(missing, |told| told.account_id.as_str()))
        .bind(column(missing, |told| told.wamid.as_str()))
        .bind(column(missing, |told| told.kind))
        .bind(column(missing, |told| told.message_id.as_deref()))
        .bind(column(missing, |told| told.recipient.as_deref()))
        .bind(column(missing, |told| told.at))
        .bind(column(missing, |told| told.error.as_deref()));
    wait.execute(&mut **tx).await?;
    Ok(())
}
