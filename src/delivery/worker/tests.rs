//! What the worker does when the store misbehaves: an outbox in memory, with faults.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::clock::Clock;
use crate::config::{DatabaseSettings, DeliverySettings};
use crate::delivery::WebhookClient;
use crate::model::{
    AccountId, Actor, Delivery, DeliveryAttempt, DeliveryId, DeliveryState, EventId, NewEvent,
    Timestamp, WebhookEvent,
};
use crate::store::{
    AttemptEnd, AttemptEnding, ClaimedDelivery, Deliveries, Endpoint, EndpointHealth, Keyring,
    StoreError,
};

type Ends = Vec<(i64, bool, AttemptEnd)>;

/// Hands out what it was given, and writes down how it ended.
#[derive(Default)]
struct Outbox {
    due: Mutex<VecDeque<ClaimedDelivery>>,
    ends: Mutex<Ends>,
    /// How many a claim hands out, if not all, and how long that takes.
    at_once: Option<usize>,
    handing_out: Duration,
    /// How many claims, and how many records, fail.
    bad_claims: Mutex<u32>,
    bad_records: Mutex<u32>,
    panics: Mutex<u32>,
}

fn counts_down(left: &Mutex<u32>) -> bool {
    let mut left = left.lock().unwrap();
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

async fn away() -> StoreError {
    let settings = DatabaseSettings {
        url: "postgres://127.0.0.1:1/none".to_owned(),
        timeout: Duration::from_secs(1).into(),
    };
    let keyring = Keyring::new(&[crate::config::SecretKey::new([1; 32])]).unwrap();
    crate::store::open(&settings, keyring).await.err().unwrap()
}

#[async_trait]
impl Deliveries for Outbox {
    async fn claim_deliveries(
        &self,
        _: Timestamp,
        _: Timestamp,
        limit: i64,
        _: i64,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        if counts_down(&self.bad_claims) {
            return Err(away().await);
        }
        let most = self.at_once.unwrap_or(usize::MAX).min(usize::try_from(limit).unwrap());
        let claimed = {
            let mut due = self.due.lock().unwrap();
            let number = due.len().min(most);
            due.drain(..number).collect()
        };
        tokio::time::sleep(self.handing_out).await;
        Ok(claimed)
    }

    async fn end_attempt(&self, ending: &AttemptEnding) -> Result<bool, StoreError> {
        let AttemptEnding { delivery, lease, attempt, end, .. } = ending;
        assert_eq!(delivery.as_str(), lease);
        assert!(!counts_down(&self.panics), "the store broke");
        if counts_down(&self.bad_records) {
            return Err(away().await);
        }
        let sequence = lease.rsplit('-').next().unwrap().parse().unwrap();
        self.ends.lock().unwrap().push((sequence, attempt.is_some(), end.clone()));
        Ok(true)
    }

    async fn endpoint_health(&self, _: &AccountId) -> Result<EndpointHealth, StoreError> {
        Ok(EndpointHealth::default())
    }

    async fn wait_for_work(&self) {
        std::future::pending::<()>().await;
    }

    async fn enable_endpoint(
        &self,
        _: &AccountId,
        _: &Actor,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        unreachable!()
    }

    async fn enqueue(
        &self,
        _: &AccountId,
        _: &NewEvent,
        _: Timestamp,
    ) -> Result<DeliveryId, StoreError> {
        unreachable!()
    }

    async fn deliveries(
        &self,
        _: &AccountId,
        _: Option<DeliveryState>,
        _: Option<&DeliveryId>,
        _: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        unreachable!()
    }

    async fn delivery(
        &self,
        _: &AccountId,
        _: &DeliveryId,
    ) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>, StoreError> {
        unreachable!()
    }

    async fn redeliver(
        &self,
        _: &AccountId,
        _: &DeliveryId,
        _: &Actor,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        unreachable!()
    }

    async fn redeliver_range(
        &self,
        _: &AccountId,
        _: Timestamp,
        _: Timestamp,
        _: i64,
        _: &Actor,
        _: Timestamp,
    ) -> Result<u64, StoreError> {
        unreachable!()
    }

    async fn pending_deliveries(&self, _: i64) -> Result<u64, StoreError> {
        unreachable!()
    }

    async fn oldest_due(&self, _: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        unreachable!()
    }

    async fn forget_deliveries(
        &self,
        _: Timestamp,
        _: Timestamp,
        _: i64,
    ) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// An endpoint that gives each caller the same status, after a while.
async fn endpoint(status: u16, after: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let _gone = stream.read(&mut head).await.is_err();
                tokio::time::sleep(after).await;
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _gone = stream.write_all(reply.as_bytes()).await.is_err();
            });
        }
    });
    url
}

/// `number` deliveries of one account to `url`.
fn due(number: i64, url: &str) -> Mutex<VecDeque<ClaimedDelivery>> {
    let account = AccountId::generate();
    let one = |sequence: i64| {
        let id = format!("delivery-{sequence}");
        ClaimedDelivery {
            id: DeliveryId::from_stored(id.clone()),
            account: account.clone(),
            event: EventId::generate(),
            kind: WebhookEvent::NewMessage,
            sequence,
            body: "{}".to_owned(),
            attempts: 0,
            endpoint: Some(Endpoint { url: url.to_owned(), secrets: vec!["code".into()] }),
            lease: id,
        }
    };
    Mutex::new((1..=number).map(one).collect())
}

fn start(outbox: Outbox) -> (Arc<Outbox>, JoinHandle<()>, CancellationToken) {
    let settings = DeliverySettings {
        retry_schedule: "0s,1h".parse().unwrap(),
        slow_retry: Duration::from_secs(60).into(),
        lease: Duration::from_secs(60).into(),
        connect_timeout: Duration::from_secs(5).into(),
        timeout: Duration::from_secs(5).into(),
    };
    let outbox = Arc::new(outbox);
    let client = WebhookClient::new(&settings, true).unwrap();
    let clock = Clock::fixed(Timestamp::from_millis(0));
    let store = Arc::clone(&outbox) as Arc<dyn Deliveries>;
    let worker = Worker::new(store, client, clock, &settings, Default::default());
    let stop = CancellationToken::new();
    (outbox, tokio::spawn(worker.run(stop.clone())), stop)
}

/// Runs a worker until `enough` ends are written.
async fn run(outbox: Outbox, enough: usize) -> Ends {
    let (outbox, running, stop) = start(outbox);
    let written = async {
        while outbox.ends.lock().unwrap().len() < enough {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("too few ends");
    stop.cancel();
    running.await.unwrap();
    outbox.sorted_ends()
}

impl Outbox {
    fn sorted_ends(&self) -> Ends {
        let mut ends = self.ends.lock().unwrap().clone();
        ends.sort_by_key(|(sequence, ..)| *sequence);
        ends
    }
}

#[tokio::test]
async fn a_store_that_fails_is_asked_again_and_the_attempt_is_made_once() {
    let url = endpoint(200, Duration::ZERO).await;
    let outbox = Outbox {
        due: due(1, &url),
        bad_claims: Mutex::new(2),
        bad_records: Mutex::new(2),
        ..Outbox::default()
    };
    assert_eq!(run(outbox, 1).await, [(1, true, AttemptEnd::Delivered)]);
}

#[tokio::test]
async fn a_panic_in_one_attempt_leaves_the_others_alone() {
    let url = endpoint(200, Duration::ZERO).await;
    let outbox = Outbox { due: due(9, &url), panics: Mutex::new(1), ..Outbox::default() };
    assert_eq!(run(outbox, 8).await.len(), 8);
}

#[tokio::test]
async fn whoever_is_told_to_stop_ends_what_runs_and_gives_back_the_rest() {
    let url = endpoint(200, Duration::from_millis(1500)).await;
    let outbox = Outbox {
        due: due(3, &url),
        at_once: Some(2),
        handing_out: Duration::from_millis(200),
        ..Outbox::default()
    };
    let (outbox, running, stop) = start(outbox);
    while !outbox.due.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.cancel();
    running.await.unwrap();
    let expected = [
        (1, true, AttemptEnd::Delivered),
        (2, true, AttemptEnd::Delivered),
        (3, false, AttemptEnd::GiveBack),
    ];
    assert_eq!(outbox.sorted_ends(), expected);
}
