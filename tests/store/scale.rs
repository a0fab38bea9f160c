//! That nothing costs more for what else is kept, in PostgreSQL: it counts what is read from each
//! table. Of SQLite the instructions are counted, in `src/store/sqlite/cost.rs`.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{
    AccountId, MessageId, MessageRecord, Progress, StatusKind, StatusUpdate,
};
use avenping_gateway::store::{Claimed, MessageFilter, SendClaim, SendEnd, Store, StoredReply};

use futures_util::future::join_all;

use crate::fixtures::{BY, START, accepted, at, join, record};
use crate::harness::{Place, Raw, cases};
use crate::posts::{LEASE, message, post_at, take_in};

cases![
    nothing_reads_more_for_what_else_is_kept,
    a_burst_is_claimed_by_its_keys,
    many_sends_at_once_end_and_advance_by_their_keys,
    a_quiet_gateway_that_gets_busy_ends_its_sends_by_their_keys,
];

/// Of each table: all of one account, so that looking through the account is looking through
/// everything.
const ROWS: i64 = 20_000;

const FILL: &str = "
    CREATE TEMPORARY VIEW numbers AS
        SELECT a.id AS account_id, n FROM generate_series(1, 20000) n, accounts a;
    INSERT INTO messages
        (account_id, id, phone_number_id, recipient, kind, reference, created_at, outcome, wamid)
    SELECT account_id, 'm' || lpad(n::text, 8, '0'), '111', '49' || n, 'text', 'campaign', n, 1,
           'wamid.' || n
    FROM numbers;
    INSERT INTO waiting_statuses (account_id, wamid, kind, message_id, at)
    SELECT account_id, 'wamid.other.' || n, 1, 'o' || n, n FROM numbers;
    INSERT INTO sends
        (account_id, key, fingerprint, message_id, state, lease_until, created_at, ended_at)
    SELECT account_id, 'key ' || n, '', 'm' || lpad(n::text, 8, '0'), 2 + n % 2, 0, n, n
    FROM numbers;
    INSERT INTO inbound_seen (account_id, mark, seen_at)
    SELECT account_id, decode(md5(n::text), 'hex'), n FROM numbers;
    INSERT INTO inbound_posts (received_at, keep, payload, payload_key_id)
    SELECT n, 'routed', '', a.data_key_id FROM numbers JOIN accounts a ON a.id = account_id;
    INSERT INTO events (account_id, sequence, id, kind, created_at)
    SELECT account_id, nextval('event_sequence'), 'event ' || n, 'newMessage', n FROM numbers;
    INSERT INTO deliveries
        (account_id, id, sequence, state, due_at, manual, created_at, ended_at, kept)
    SELECT account_id, 'd' || n, n, CASE n % 2 WHEN 1 THEN 'delivered' ELSE 'pending' END, n, FALSE,
           n, CASE n % 2 WHEN 1 THEN n END, n % 4 = 1
    FROM numbers";

/// Deliveries of copies of the one event that is there, of which every second follows another.
const BURST: &str = "
    WITH told AS (
        INSERT INTO events (account_id, sequence, id, kind, body, created_at)
        SELECT account_id, nextval('event_sequence'), 'event ' || n, kind, body, created_at
        FROM (SELECT * FROM events LIMIT 1) AS one, generate_series(1, 20000) n
        RETURNING account_id, sequence, created_at)
    INSERT INTO deliveries
        (account_id, id, sequence, state, due_at, manual, created_at, follows)
    SELECT account_id, 'd' || sequence, sequence, 'pending', created_at, FALSE, created_at,
           CASE sequence % 2 WHEN 0 THEN 'd' || sequence - 1 END
    FROM told";

/// What has been delivered before, so that the server has an idea of the table.
const HISTORY: &str = "
    INSERT INTO deliveries
        (account_id, id, sequence, state, due_at, manual, created_at, ended_at, kept)
    SELECT id, 'a' || n, -n, 'delivered', n, FALSE, n, n, FALSE
    FROM accounts, generate_series(1, 2000) n";

/// What was read: row by row through a table, or along an index.
const READ: &str = "
    SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = ANY (t.names))
          + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = ANY (t.names)))::bigint
    FROM (VALUES (ARRAY['messages', 'waiting_statuses', 'sends', 'inbound_seen', 'inbound_posts',
                        'events', 'deliveries', 'form_recipients'])) AS t (names)";

/// Pages of indexes that were looked at.
const PAGES: &str = "
    SELECT sum(idx_blks_read + idx_blks_hit)::bigint FROM pg_statio_user_indexes
    WHERE relname IN ('messages', 'waiting_statuses', 'sends')";

async fn nothing_reads_more_for_what_else_is_kept(place: Place) {
    if place.is_file() {
        return;
    }
    let id = join(&place.store().await, "ada").await;
    let mut raw = place.raw().await;
    raw.execute(FILL).await;
    // While the server knows nothing of the tables yet, and when it does.
    for round in ["new", "known"] {
        let before = settled(&mut raw).await;
        let store = place.store().await;
        // Often enough for it to settle for one plan.
        for n in 0..8 {
            work(&store, &id, &format!("{round} {n}")).await;
        }
        store.close().await;
        drop(store);
        let read = settled(&mut raw).await - before;
        assert!(read > 8 * 20, "{round}: the count itself works");
        assert!(read < ROWS / 4, "{round}: {read} rows were read");
        raw.execute("VACUUM ANALYZE").await;
    }
}

async fn a_burst_is_claimed_by_its_keys(place: Place) {
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let mut raw = place.raw().await;
    // What the server knows of it is what it knew before the burst.
    raw.execute("ALTER TABLE deliveries SET (autovacuum_enabled = off)").await;
    take_in(&store, vec![message(&id, "one")]).await;
    raw.execute(HISTORY).await;
    raw.execute("ANALYZE").await;
    // Often enough for it to settle for one plan; each time the leases before have run out.
    let ask = async |from: i64| {
        let mut claimed = 0;
        for n in 0..8 {
            let now = START + (from + n) * 2 * LEASE;
            let taken = store.claim_deliveries(at(now), at(now + LEASE), 5, 5).await.unwrap();
            claimed += taken.len();
            store.oldest_due(at(now)).await.unwrap();
        }
        claimed
    };
    assert_eq!(ask(0).await, 8);
    raw.execute(BURST).await;
    assert_eq!(ask(8).await, 8 * 5);
    store.close().await;
    drop(store);
    let read = settled(&mut raw).await;
    assert!(read > 8 * 5, "the count itself works");
    assert!(read < ROWS / 4, "{read} rows were read");
}

async fn many_sends_at_once_end_and_advance_by_their_keys(place: Place) {
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let id = join(&store, "ada").await;
    send_and_fill(&place, &store, &id, "a server that knows nothing of the tables").await;
}

async fn a_quiet_gateway_that_gets_busy_ends_its_sends_by_their_keys(place: Place) {
    if place.is_file() {
        return;
    }
    let store = place.store().await;
    let id = join(&store, "ada").await;
    send_many(&store, &id, "the only one", 1).await;
    place.raw().await.execute("VACUUM ANALYZE").await;
    send_and_fill(&place, &store, &id, "a server that knows of a few").await;
}

/// Sends while the tables are small, and then while they are large, without the server's knowing.
async fn send_and_fill(place: &Place, store: &Store, id: &AccountId, who: &str) {
    let mut raw = place.raw().await;
    raw.execute(
        "ALTER TABLE sends SET (autovacuum_enabled = off);
         ALTER TABLE messages SET (autovacuum_enabled = off);
         ALTER TABLE waiting_statuses SET (autovacuum_enabled = off)",
    )
    .await;
    // Often enough for it to settle for one plan, on each of the connections that are used, and yet
    // so few that it takes the tables for nearly empty.
    for n in 0..60 {
        send_many(store, id, &format!("early {n}"), 2).await;
    }
    raw.execute(FILL).await;
    let before = raw.number(PAGES).await;
    for n in 0..20 {
        send_many(store, id, &format!("late {n}"), 10).await;
    }
    store.close().await;
    let read = settled(&mut raw).await;
    assert!(read > 40 * 10, "{who}: the count itself works");
    assert!(read < ROWS, "{who}: {read} rows were read");
    // A way through an index counts no rows but those that are found.
    let pages = raw.number(PAGES).await - before;
    assert!(pages < 3 * ROWS, "{who}: {pages} pages of indexes were looked at");
}

/// Sends with keys that are claimed, end and become known as sent together; and a status of which
/// nobody knows.
async fn send_many(store: &Store, id: &AccountId, turn: &str, count: usize) {
    let claims: Vec<_> = (0..count)
        .map(|n| {
            let (key, message) = (format!("{turn} {n}"), record(id));
            Arc::new(SendClaim {
                key,
                fingerprint: [1; 32],
                message,
                lease: Duration::from_secs(60),
            })
        })
        .collect();
    for won in join_all(claims.iter().map(|claim| store.claim_send(claim))).await {
        assert_eq!(won.unwrap(), Claimed::Won);
    }
    let endings: Vec<_> = claims
        .iter()
        .map(|claim| {
            let end = SendEnd::Final(StoredReply { status: 200, body: Vec::new() });
            claim.ended(end, accepted(&format!("wamid.{}", claim.key)), at(START))
        })
        .collect();
    for ended in join_all(endings.iter().map(|ending| store.end_send(ending))).await {
        assert!(ended.unwrap());
    }
    let known = claims.iter().map(|claim| told(&format!("wamid.{}", claim.key)));
    let statuses = known.chain([told(&format!("wamid.unknown {turn}"))]);
    let statuses: Vec<_> = statuses.map(|told| (id.clone(), told)).collect();
    store.apply_statuses(&statuses).await.unwrap();
    let one = store.message(id, &format!("wamid.{turn} 0")).await.unwrap().unwrap();
    assert_eq!(one.progress, Some(Progress::Sent));
}

/// What was read, once those who read have gone and told of it.
async fn settled(raw: &mut Raw) -> i64 {
    raw.alone().await;
    raw.execute("SELECT pg_stat_clear_snapshot()").await;
    raw.number(READ).await
}

fn told(wamid: &str) -> StatusUpdate {
    let (wamid, kind) = (wamid.to_owned(), StatusKind::Progress(Progress::Sent));
    StatusUpdate { wamid, message: Some(MessageId::generate()), kind, recipient: None, at: at(1) }
}

async fn work(store: &Store, id: &AccountId, turn: &str) {
    let wamid = format!("wamid.{turn}");
    let sent = MessageRecord { result: Some(accepted(&wamid)), ..record(id) };
    let early = format!("wamid.early {turn}");
    let mut statuses = Vec::new();
    for wamid in [&wamid, &early, "wamid.9000"] {
        let mut status = message(id, &format!("{wamid} {turn}"));
        (status.kind, status.status) = ("status", Some(told(wamid)));
        statuses.push(status);
    }
    let mut answer = message(id, &format!("answer {turn}"));
    answer.answered_form = Some("wamid.9001".to_owned());
    statuses.push(answer);
    store.record_messages(std::slice::from_ref(&sent)).await.unwrap();
    store.take_in(&[post_at(i64::MAX, statuses)]).await.unwrap();
    let late = MessageRecord { result: Some(accepted(&early)), ..record(id) };
    store.record_messages(&[late]).await.unwrap();

    let lease = Duration::from_secs(60);
    let (key, message) = (turn.to_owned(), record(id));
    let claim = Arc::new(SendClaim { key, fingerprint: [1; 32], message, lease });
    assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);
    let end = SendEnd::Final(StoredReply { status: 200, body: Vec::new() });
    let (result, now) = (accepted(&format!("wamid.keyed {turn}")), at(i64::MAX));
    assert!(store.end_send(&claim.ended(end, result, now)).await.unwrap());
    assert!(matches!(store.claim_send(&claim).await.unwrap(), Claimed::Finished { .. }));

    for known in ["m00009000", "wamid.9000"] {
        assert!(store.message(id, known).await.unwrap().is_some());
    }
    store.expire_sends(at(0), 10).await.unwrap();
    store.check_keys().await.unwrap();
    assert!(store.old_key_rows().await.unwrap().is_none());
    assert!(store.rewrap_keys(10, &BY, at(START)).await.unwrap().is_none());

    // Nothing is old enough, and then a few are.
    for before in [at(0), at(ROWS)] {
        let mut gone = store.forget_messages(before, 5).await.unwrap();
        gone += store.forget_waiting_statuses(before, 5).await.unwrap();
        gone += store.forget_sends(before, before, 5).await.unwrap();
        gone += store.forget_inbound(before, before, 5).await.unwrap();
        gone += store.forget_deliveries(before, before, 5).await.unwrap();
        assert_eq!(gone, if before == at(0) { 0 } else { 35 });
    }
    assert!(store.oldest_due(at(i64::MAX)).await.unwrap().is_some());
    // These are not asked for by those who send, and may wait until the server knows the tables.
    if turn.starts_with("known") {
        let all = MessageFilter::default();
        let to = MessageFilter { to: Some("499000".to_owned()), ..all.clone() };
        let reference = MessageFilter { reference: Some("campaign".to_owned()), ..all.clone() };
        for filter in [all, to, reference] {
            let page = store.messages(id, &filter, None, 5).await.unwrap();
            assert!(!page.messages.is_empty());
        }
    }
}
