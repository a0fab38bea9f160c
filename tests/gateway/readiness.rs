//! Readiness ends when webhooks are due and nobody delivers them.

use std::time::Duration;

use avenping_gateway::model::{AccountId, EventId, NewEvent, WebhookEvent};
use avenping_gateway::state::Readiness;
use avenping_gateway::store::{Arrival, InboundPost, Keep, Store};
use sqlx::{Connection as _, PgConnection, SqliteConnection, raw_sql};

use crate::harness::{BY, Gateway, NOW, Place, at, cases, eventually, somebody};

cases![
    a_webhook_that_is_due_for_over_a_minute_ends_readiness_however_many_accounts_there_are,
    while_nobody_takes_webhooks_on_the_gateway_is_not_ready,
];

/// Accounts that each have a webhook due, one second after the other from then on.
async fn with_webhooks(store: &Store, accounts: i64, due: i64) {
    let mut posts = Vec::new();
    for n in 0..accounts {
        let newcomer = somebody(&format!("customer-{n}"));
        store.create_account(&newcomer, &BY).await.unwrap();
        posts.push(post(&newcomer.account.id, due + n * 1_000));
    }
    store.take_in(&posts).await.unwrap();
}

fn post(account: &AccountId, due: i64) -> InboundPost {
    let event = NewEvent {
        id: EventId::generate(),
        kind: WebhookEvent::NewMessage,
        body: "the body".to_owned(),
    };
    let arrival = Arrival {
        account: account.clone(),
        kind: "message",
        key: "the key".to_owned(),
        contact: None,
        lead: None,
        events: vec![event],
        status: None,
        answered_form: None,
    };
    let raw = b"{}".to_vec();
    InboundPost { received_at: at(due), raw, keep: Keep::Routed, arrivals: vec![arrival] }
}

async fn a_webhook_that_is_due_for_over_a_minute_ends_readiness_however_many_accounts_there_are(
    place: Place,
) {
    let store = place.store().await;
    with_webhooks(&store, 100, NOW).await;
    let late =
        async |now: i64| Readiness::default().backlog(&store, at(now)).await.unwrap().is_late();
    assert!(!late(NOW + 60_000).await);
    assert!(late(NOW + 60_001).await);

    // Whoever is being attended to does not count; of the others the oldest does.
    let lease_ends = at(NOW + 500_000);
    let claimed = store.claim_deliveries(at(NOW + 60_001), lease_ends, 60, 1).await.unwrap();
    assert_eq!(claimed.len(), 60);
    assert!(!late(NOW + 120_000).await);
    assert!(late(NOW + 120_001).await);
    store.claim_deliveries(at(NOW + 120_001), lease_ends, 40, 1).await.unwrap();
    assert!(!late(NOW + 499_999).await);
    assert!(late(NOW + 500_000).await);
}

/// Somebody who keeps workers from taking anything on, and lets everybody read.
enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stranger {
    async fn new(place: &Place) -> Self {
        if place.is_postgres() {
            let mut connection = PgConnection::connect(&place.url).await.unwrap();
            let hold = raw_sql("BEGIN; SELECT FROM deliveries FOR UPDATE");
            hold.execute(&mut connection).await.unwrap();
            return Self::Postgres(connection);
        }
        let mut connection = SqliteConnection::connect(&place.url).await.unwrap();
        raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        Self::Sqlite(connection)
    }

    async fn leave(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

async fn while_nobody_takes_webhooks_on_the_gateway_is_not_ready(place: Place) {
    let gateway = Gateway::start(&place).await;
    with_webhooks(&gateway.store, 10, NOW + 1_000).await;
    let stranger = Stranger::new(&place).await;
    let ready = async || gateway.get("/v2/ready").anonymous().send().await;
    assert_eq!(ready().await.status, 200);
    gateway.clock.advance(Duration::from_secs(62));
    eventually("it is not ready", async || ready().await.status == 503).await;
    let told = ready().await;
    told.refused(503, "SERVICE_UNAVAILABLE", "Not ready: webhooks are not delivered");
    assert!(told.header("retry-after").is_some());

    stranger.leave().await;
    eventually("it is ready again", async || ready().await.status == 200).await;
}
