//! That nothing costs more for what else is kept: the work of SQLite is counted, in the
//! instructions of its virtual machine, on a small database and on a large one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, SqliteConnection, query};
use tempfile::TempDir;

use super::{READERS, Sqlite};
use crate::config::{DatabaseSettings, SecretKey};
use crate::model::{
    Account, AccountId, Actor, ApiToken, GraphId, MessageId, MessageRecord, NewAccount,
    OwnRateLimits, Progress, SendOutcome, SendResult, StatusKind, StatusUpdate, Timestamp,
};
use crate::store::{
    Accounts as _, Arrival, Claimed, Deliveries as _, Inbound as _, InboundPost, Keep, Keyring,
    MessageFilter, Messages as _, SendClaim, SendEnd, Sends as _, StoreError, StoredReply,
    Upkeep as _,
};

/// How exactly it is counted.
const STEP: u64 = 20;
const FEW: i64 = 300;
const MANY: i64 = 12_000;

/// All of one account, so that looking through the account is looking through everything; the
/// oldest are the first. Of the deliveries every second is due.
const FILL: [&str; 7] = [
    "INSERT INTO messages
         (account_id, id, phone_number_id, recipient, kind, reference, created_at, outcome, wamid)
     SELECT a.id, printf('m%08d', n), '111', printf('49%08d', n), 'text', 'campaign', n, 1,
            'wamid.' || n",
    "INSERT INTO waiting_statuses (account_id, wamid, kind, message_id, at)
     SELECT a.id, 'wamid.other.' || n, 1, printf('o%08d', n), n",
    "INSERT INTO sends
         (account_id, key, fingerprint, message_id, state, lease_until, created_at, ended_at)
     SELECT a.id, 'key ' || n, x'00', printf('m%08d', n), 2 + n % 2, 0, n, n",
    "INSERT INTO inbound_seen (account_id, mark, seen_at) SELECT a.id, randomblob(16), n",
    "INSERT INTO inbound_posts (received_at, keep, payload, payload_key_id)
     SELECT n, 'routed', x'00', a.data_key_id",
    "INSERT INTO events (sequence, account_id, id, kind, created_at)
     SELECT n, a.id, 'event ' || n, 'newMessage', n",
    "INSERT INTO deliveries
         (sequence, account_id, id, state, due_at, manual, created_at, ended_at, kept)
     SELECT n, a.id, printf('d%08d', n), iif(n % 2, 'delivered', 'pending'), n, 0, n,
            iif(n % 2, n, NULL), n % 4 = 1",
];

struct Measured {
    store: Sqlite,
    account: AccountId,
    steps: Arc<AtomicU64>,
    costs: Vec<(&'static str, u64)>,
    _directory: TempDir,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

impl Measured {
    async fn with(rows: i64) -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("store.db").display());
        let settings = DatabaseSettings { url, timeout: Duration::from_secs(60).into() };
        let keyring = Keyring::new(&[SecretKey::new([1; 32])]).unwrap();
        let store = Sqlite::open(&settings, keyring).await.unwrap();
        store.migrate().await.unwrap();
        let account = join(&store).await;
        for insert in FILL {
            let insert = format!(
                "WITH RECURSIVE numbers (n) AS (
                     SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
                 {insert} FROM numbers, accounts a"
            );
            let mut tx = store.write().await.unwrap();
            query(AssertSqlSafe(insert)).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        let steps = Arc::new(AtomicU64::new(0));
        let measured = Self { store, account, steps, costs: Vec::new(), _directory: directory };
        measured.count().await;
        measured
    }

    /// Has every connection count what it does.
    async fn count(&self) {
        let mut writer = self.store.write().await.unwrap();
        self.count_of(&mut writer).await;
        writer.commit().await.unwrap();
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(self.store.readers.acquire().await.unwrap());
        }
        for reader in &mut readers {
            self.count_of(reader).await;
        }
    }

    async fn count_of(&self, connection: &mut SqliteConnection) {
        let steps = Arc::clone(&self.steps);
        let mut handle = connection.lock_handle().await.unwrap();
        handle.set_progress_handler(STEP.try_into().unwrap(), move || {
            steps.fetch_add(STEP, Ordering::Relaxed);
            true
        });
    }

    async fn cost<T>(
        &mut self,
        what: &'static str,
        work: impl AsyncFnOnce(&Sqlite) -> Result<T, StoreError>,
    ) -> T {
        let before = self.steps.load(Ordering::Relaxed);
        let done = work(&self.store).await.unwrap();
        self.costs.push((what, self.steps.load(Ordering::Relaxed) - before));
        done
    }

    fn record(&self, wamid: Option<&str>) -> MessageRecord {
        let accepted = |wamid: &str| SendResult {
            outcome: SendOutcome::Accepted,
            wamid: Some(wamid.to_owned()),
            wa_id: None,
        };
        MessageRecord {
            id: MessageId::generate(),
            account: self.account.clone(),
            phone_number: GraphId::parse("111").unwrap(),
            to: "4917012345678".to_owned(),
            kind: "text".to_owned(),
            reference: None,
            form: None,
            created_at: at(i64::MAX),
            result: wamid.map(accepted),
            progress: None,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            error: None,
        }
    }

    fn post(&self, key: &str, status: Option<StatusUpdate>, form: Option<&str>) -> InboundPost {
        let arrival = Arrival {
            account: self.account.clone(),
            kind: "status",
            key: key.to_owned(),
            contact: None,
            lead: None,
            events: Vec::new(),
            status,
            answered_form: form.map(str::to_owned),
        };
        let (received_at, raw) = (at(i64::MAX), b"{}".to_vec());
        InboundPost { received_at, raw, keep: Keep::Routed, arrivals: vec![arrival] }
    }
}

async fn join(store: &Sqlite) -> AccountId {
    let account = Account {
        id: AccountId::generate(),
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        suspended: false,
        plans: Vec::new(),
        whatsapp: None,
        phone_numbers: Vec::new(),
        rate_limits: OwnRateLimits::default(),
        created_at: at(0),
    };
    let (id, token) = (account.id.clone(), ApiToken::generate().unwrap().to_store(at(0)));
    store.create_account(&NewAccount { account, token }, &Actor::GATEWAY).await.unwrap();
    id
}

fn told(wamid: &str) -> StatusUpdate {
    StatusUpdate {
        wamid: wamid.to_owned(),
        message: Some(MessageId::generate()),
        kind: StatusKind::Progress(Progress::Sent),
        recipient: None,
        at: at(i64::MAX),
    }
}

async fn sends(on: &mut Measured) {
    let record = on.record(Some("wamid.new"));
    on.cost("record a message", async |store| store.record_messages(&[record]).await).await;
    let claim = Arc::new(SendClaim {
        key: "a new key".to_owned(),
        fingerprint: [1; 32],
        message: on.record(None),
        lease: Duration::from_secs(60),
    });
    let won = on.cost("claim a key", async |store| store.claim_send(&claim).await).await;
    assert_eq!(won, Claimed::Won);
    let end = SendEnd::Final(StoredReply { status: 200, body: b"{}".to_vec() });
    let result = on.record(Some("wamid.newer")).result.unwrap();
    let ending = claim.ended(end, result, at(i64::MAX));
    let ended = on.cost("end a send", async |store| store.end_send(&ending).await).await;
    assert!(ended);
    let known = on.cost("claim it again", async |store| store.claim_send(&claim).await).await;
    assert!(matches!(known, Claimed::Finished { .. }));
    on.cost("expire sends", async |store| store.expire_sends(at(0), 100).await).await;
}

async fn statuses(on: &mut Measured) {
    for (what, key, wamid) in [
        ("take in a status", "1", "wamid.250"),
        ("take in a status without a message", "2", "wamid.of nobody"),
        ("take in a status again", "1", "wamid.250"),
    ] {
        let posts = [on.post(key, Some(told(wamid)), None)];
        on.cost(what, async |store| store.take_in(&posts).await).await;
    }
    let posts = [on.post("3", None, Some("wamid.251"))];
    on.cost("take in a form", async |store| store.take_in(&posts).await).await;
    let late = on.record(Some("wamid.of nobody"));
    on.cost("record what a status waits for", async |store| {
        store.record_messages(std::slice::from_ref(&late)).await
    })
    .await;
}

async fn reads(on: &mut Measured) {
    let account = on.account.clone();
    for (what, id) in [("find by our id", "m00000250"), ("find by Meta's id", "wamid.250")] {
        let found = on.cost(what, async |store| store.message(&account, id).await).await;
        assert!(found.is_some());
    }
    let all = MessageFilter::default();
    let to = MessageFilter { to: Some("4900000250".to_owned()), ..all.clone() };
    let reference = MessageFilter { reference: Some("campaign".to_owned()), ..all.clone() };
    let after = MessageId::from_stored("m00000250".to_owned());
    for (what, filter, after) in [
        ("list", &all, None),
        ("list from somewhere", &all, Some(&after)),
        ("list by receiver", &to, None),
        ("list by reference", &reference, None),
    ] {
        let page =
            on.cost(what, async |store| store.messages(&account, filter, after, 20).await).await;
        assert!(!page.messages.is_empty());
    }
    on.cost("the oldest due", async |store| store.oldest_due(at(i64::MAX)).await).await;
    on.cost("look for keys", async |store| store.check_keys().await).await;
    on.cost("count old keys", async |store| store.old_key_rows().await).await;
    on.cost("rewrap nothing", async |store| store.rewrap_keys(100, &Actor::GATEWAY, at(0)).await)
        .await;
}

/// First nothing is old enough, and then a hundred are.
async fn forgets(on: &mut Measured) {
    for (before, whats) in [
        (0, ["no sends", "no messages", "no statuses", "no posts", "no deliveries"]),
        (101, ["sends", "messages", "statuses", "posts", "deliveries"]),
    ] {
        let [sends, messages, statuses, posts, deliveries] = whats;
        let (before, limit) = (at(before), 60);
        let mut gone = Vec::new();
        let forget = async |store: &Sqlite| store.forget_sends(before, before, limit).await;
        gone.push(on.cost(sends, forget).await);
        let forget = async |store: &Sqlite| store.forget_messages(before, limit).await;
        gone.push(on.cost(messages, forget).await);
        let forget = async |store: &Sqlite| store.forget_waiting_statuses(before, limit).await;
        gone.push(on.cost(statuses, forget).await);
        let forget = async |store: &Sqlite| store.forget_inbound(before, before, limit).await;
        gone.push(on.cost(posts, forget).await);
        let forget = async |store: &Sqlite| store.forget_deliveries(before, before, limit).await;
        gone.push(on.cost(deliveries, forget).await);
        let expected = if before == at(0) { [0; 5] } else { [60, 60, 60, 120, 75] };
        assert_eq!(gone, expected);
    }
}

async fn costs(rows: i64) -> Vec<(&'static str, u64)> {
    let mut on = Measured::with(rows).await;
    sends(&mut on).await;
    statuses(&mut on).await;
    reads(&mut on).await;
    forgets(&mut on).await;
    on.costs
}

#[tokio::test]
async fn nothing_costs_more_for_what_else_is_kept() {
    let (few, many) = (costs(FEW).await, costs(MANY).await);
    assert!(few.len() > 25);
    let paired = few.iter().zip(&many);
    let dearer: Vec<_> = paired.filter(|((_, few), (_, many))| *many > few * 2 + 500).collect();
    assert!(dearer.is_empty(), "{dearer:?}");
    // The count itself works.
    assert!(many.iter().map(|(_, steps)| steps).sum::<u64>() > 10_000, "{many:?}");
}
