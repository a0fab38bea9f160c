//! Tokens that stop, numbers that go, and how soon a running gateway knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use avenping_gateway::config::LimitSettings;
use avenping_gateway::limits::Shares;
use avenping_gateway::model::{
    Account, AccountId, Actor, ApiToken, NewAccount, Timestamp, TokenDigest,
};
use avenping_gateway::state::{Callers, Found};
use avenping_gateway::store::{AccountChange, Accounts, Store, StoreError, TokenHolder};
use serde_json::json;

use crate::harness::{
    BY, Gateway, NOW, NUMBER, Place, TOKEN, at, cases, eventually, graph_id, plan, token_of,
};

cases![
    a_revoked_token_stops,
    a_rotated_token_stops_and_the_new_one_opens_at_once,
    a_token_that_ends_stops_although_nothing_is_changed,
    a_suspended_user_is_shut_out_and_let_in_again,
    a_deleted_account_is_gone,
    a_change_of_plan_or_numbers_is_seen,
    a_send_with_a_cached_token_touches_no_database,
    of_many_requests_at_once_few_ask_the_database,
    a_token_is_asked_about_again_only_when_something_was_changed,
    a_token_that_nobody_can_hold_is_never_looked_up,
    a_database_that_comes_back_is_used_again,
];

async fn status(gateway: &Gateway, token: &str) -> u16 {
    gateway.get("/v2/me").token(token).send().await.status
}

async fn ada(gateway: &Gateway) -> AccountId {
    gateway.store.account("ada@example.com").await.unwrap().unwrap().id
}

async fn change(gateway: &Gateway, change: AccountChange) {
    assert!(
        gateway.store.change_account(&ada(gateway).await, &change, &BY, at(NOW)).await.unwrap()
    );
}

async fn a_revoked_token_stops(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let id = ada(&gateway).await;
    assert_eq!(gateway.store.revoke_tokens(&id, &BY, gateway.clock.now()).await.unwrap(), 1);
    eventually("the token stops", async || status(&gateway, TOKEN).await == 401).await;
    // And stays so.
    assert_eq!(status(&gateway, TOKEN).await, 401);
}

async fn a_rotated_token_stops_and_the_new_one_opens_at_once(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let fresh = ApiToken::generate().unwrap();
    let id = ada(&gateway).await;
    let rotated =
        gateway.store.rotate_token(&id, &fresh.to_store(gateway.clock.now()), None, &BY).await;
    assert!(rotated.unwrap());
    assert_eq!(status(&gateway, fresh.reveal()).await, 200);
    eventually("the old token stops", async || status(&gateway, TOKEN).await == 401).await;
}

async fn a_token_that_ends_stops_although_nothing_is_changed(place: Place) {
    let gateway = Gateway::start(&place).await;
    let fresh = ApiToken::generate().unwrap().to_store(gateway.clock.now());
    let end = at(gateway.clock.now().as_millis() + 1_000);
    let id = ada(&gateway).await;
    assert!(gateway.store.rotate_token(&id, &fresh, Some(end), &BY).await.unwrap());
    assert_eq!(status(&gateway, TOKEN).await, 200);
    gateway.clock.advance(Duration::from_millis(999));
    assert_eq!(status(&gateway, TOKEN).await, 200);
    gateway.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&gateway, TOKEN).await, 401);
}

async fn a_suspended_user_is_shut_out_and_let_in_again(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (suspended, expected) in [(false, 200), (true, 401), (false, 200)] {
        change(&gateway, AccountChange { suspended: Some(suspended), ..Default::default() }).await;
        eventually("it is seen", async || status(&gateway, TOKEN).await == expected).await;
    }
}

async fn a_deleted_account_is_gone(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    assert!(gateway.store.delete_account(&ada(&gateway).await, &BY, at(NOW)).await.unwrap());
    eventually("it is gone", async || status(&gateway, TOKEN).await == 401).await;
}

async fn a_change_of_plan_or_numbers_is_seen(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let basic = AccountChange { primary_plan: Some(Some(plan("Basic"))), ..Default::default() };
    change(&gateway, basic).await;
    eventually("the plan is seen", async || status(&gateway, TOKEN).await == 403).await;
    let premium = AccountChange {
        primary_plan: Some(Some(plan("Premium"))),
        remove_numbers: vec![graph_id(NUMBER)],
        meta_token: Some("EAAG-another-token".into()),
        ..Default::default()
    };
    change(&gateway, premium).await;
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    eventually("the number is gone", async || {
        let answer = gateway.post("/v2/messages/send/text", &text).send().await;
        answer.json()["error"] == "FORBIDDEN"
    })
    .await;
    assert_eq!(gateway.meta.count().await, 0);
}

/// Accounts of which it is counted how often a token is looked up, and how often it is asked
/// whether anything was changed.
struct Counting {
    store: Store,
    asked: AtomicUsize,
    asked_of_changes: AtomicUsize,
}

#[async_trait]
impl Accounts for Counting {
    async fn create_account(&self, new: &NewAccount, by: &Actor) -> Result<(), StoreError> {
        self.store.create_account(new, by).await
    }

    async fn account(&self, id_or_email: &str) -> Result<Option<Account>, StoreError> {
        self.store.account(id_or_email).await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        self.store.accounts(after, limit).await
    }

    async fn account_by_token(
        &self,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<Option<TokenHolder>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.store.account_by_token(digest, now).await
    }

    async fn account_changes(&self) -> Result<i64, StoreError> {
        self.asked_of_changes.fetch_add(1, Ordering::SeqCst);
        self.store.account_changes().await
    }

    async fn change_account(
        &self,
        id: &AccountId,
        change: &AccountChange,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.change_account(id, change, by, now).await
    }

    async fn delete_account(
        &self,
        id: &AccountId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.delete_account(id, by, now).await
    }
}

fn counted(gateway: &Gateway) -> (Arc<Counting>, Callers) {
    let store = gateway.store.clone();
    let counting = Counting { store, asked: 0.into(), asked_of_changes: 0.into() };
    let counting = Arc::new(counting);
    let shares = Shares::new(&LimitSettings::default());
    let callers = Callers::new(counting.clone(), gateway.clock.clone(), shares, Default::default());
    (counting, callers)
}

async fn a_token_is_asked_about_again_only_when_something_was_changed(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (counting, callers) = counted(&gateway);
    let digest = ApiToken::parse(TOKEN).unwrap().digest();
    let asked = || counting.asked.load(Ordering::SeqCst);
    let of_changes = || counting.asked_of_changes.load(Ordering::SeqCst);
    eventually("changes are asked for again", async || {
        assert!(matches!(callers.find(&digest).await, Ok(Found::Caller(_))));
        of_changes() >= 3
    })
    .await;
    assert_eq!(asked(), 1);
    let basic = AccountChange { primary_plan: Some(Some(plan("Basic"))), ..Default::default() };
    change(&gateway, basic).await;
    eventually("the change is seen", async || {
        assert!(matches!(callers.find(&digest).await, Ok(Found::Caller(_))));
        asked() == 2
    })
    .await;
}

async fn of_many_requests_at_once_few_ask_the_database(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (counting, callers) = counted(&gateway);
    let digest = ApiToken::parse(TOKEN).unwrap().digest();
    let asks = futures_util::future::join_all((0..100).map(|_| callers.find(&digest))).await;
    assert!(asks.iter().all(|found| matches!(found, Ok(Found::Caller(_)))));
    // One, unless the machine stalls for longer than an answer is remembered.
    let asked = counting.asked.load(Ordering::SeqCst);
    assert!(asked < 50, "asked {asked} times");
}

async fn a_send_with_a_cached_token_touches_no_database(place: Place) {
    let gateway = Gateway::start(&place).await;
    let send = async || {
        let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
        gateway.post("/v2/messages/send/text", &text).send().await.status
    };
    assert_eq!(send().await, 200);
    gateway.store.close().await;
    assert_eq!(send().await, 200);
}

async fn a_token_that_nobody_can_hold_is_never_looked_up(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.store.close().await;
    let misspelt = "avp_live_00000000000000000000000000000000000000";
    for token in ["short", misspelt, "avp_live_", &"x".repeat(600)] {
        assert_eq!(status(&gateway, token).await, 401);
    }
    assert_eq!(status(&gateway, &token_of("nobody")).await, 503);
}

async fn execute(connection: &mut sqlx::PgConnection, statement: &str) {
    let statement = sqlx::AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

async fn a_database_that_comes_back_is_used_again(place: Place) {
    use sqlx::Connection as _;

    if !place.is_postgres() {
        // A file does not go away while it is open.
        return;
    }
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let server = std::env::var("TEST_DATABASE_URL").unwrap();
    let mut stranger = sqlx::PgConnection::connect(&server).await.unwrap();
    let url: url::Url = place.url.parse().unwrap();
    let name = url.path().trim_start_matches('/');
    // As far as the gateway can see, the server has gone: who was connected is thrown out, and
    // nobody gets in.
    let door = |open: bool| format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {open}");
    execute(&mut stranger, &door(false)).await;
    let throw_out =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    execute(&mut stranger, &throw_out).await;
    eventually("it is noticed", async || {
        let answer = gateway.get("/v2/me").send().await;
        assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
        answer.status == 503 && answer.header("retry-after").is_some()
    })
    .await;
    execute(&mut stranger, &door(true)).await;
    eventually("it is used again", async || status(&gateway, TOKEN).await == 200).await;
}
