//! Tokens that stop, numbers that go, and how soon a running gateway knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use avenping_gateway::model::{
    Account, AccountId, ApiToken, FlowRecord, FlowSnapshot, GraphId, NewAccount, NewApiToken,
    Timestamp, TokenDigest, WebhookChange, WebhookConfig,
};
use avenping_gateway::store::{
    AccountChange, Accounts, ApiTokens, Flows, Store, StoreError, Upkeep, Webhooks,
};
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{
    Gateway, NUMBER, Place, Setup, TOKEN, cases, eventually, graph_id, plan, token_of,
};

cases![
    a_revoked_token_stops,
    a_rotated_token_stops_and_the_new_one_opens_at_once,
    a_suspended_user_is_shut_out_and_let_in_again,
    a_deleted_account_is_gone,
    a_change_of_plan_or_numbers_is_seen,
    a_send_with_a_cached_token_touches_no_database,
    of_many_requests_at_once_few_ask_the_database,
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
    assert!(gateway.store.change_account(&ada(gateway).await, &change).await.unwrap());
}

async fn a_revoked_token_stops(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let id = ada(&gateway).await;
    assert_eq!(gateway.store.revoke_tokens(&id, gateway.clock.now()).await.unwrap(), 1);
    eventually("the token stops", async || status(&gateway, TOKEN).await == 401).await;
    // And stays so.
    assert_eq!(status(&gateway, TOKEN).await, 401);
}

async fn a_rotated_token_stops_and_the_new_one_opens_at_once(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(status(&gateway, TOKEN).await, 200);
    let fresh = ApiToken::generate().unwrap();
    let id = ada(&gateway).await;
    let rotated = gateway.store.rotate_token(&id, &fresh.to_store(gateway.clock.now()), None).await;
    assert!(rotated.unwrap());
    assert_eq!(status(&gateway, fresh.reveal()).await, 200);
    eventually("the old token stops", async || status(&gateway, TOKEN).await == 401).await;
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
    assert!(gateway.store.delete_account(&ada(&gateway).await).await.unwrap());
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

/// A store that counts how often anything is asked of it.
struct Counting {
    store: Store,
    asked: Arc<AtomicUsize>,
}

impl Counting {
    async fn on(place: &Place) -> (Store, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let store = place.store().await;
        (Arc::new(Self { store, asked: Arc::clone(&asked) }), asked)
    }

    fn counted(&self) -> &Store {
        self.asked.fetch_add(1, Ordering::SeqCst);
        &self.store
    }
}

#[async_trait]
impl Accounts for Counting {
    async fn create_account(&self, new: &NewAccount) -> Result<(), StoreError> {
        self.counted().create_account(new).await
    }

    async fn account(&self, id_or_email: &str) -> Result<Option<Account>, StoreError> {
        self.counted().account(id_or_email).await
    }

    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: i64,
    ) -> Result<Vec<Account>, StoreError> {
        self.counted().accounts(after, limit).await
    }

    async fn account_by_token(
        &self,
        digest: &TokenDigest,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        self.counted().account_by_token(digest, now).await
    }

    async fn change_account(
        &self,
        id: &AccountId,
        change: &AccountChange,
    ) -> Result<bool, StoreError> {
        self.counted().change_account(id, change).await
    }

    async fn delete_account(&self, id: &AccountId) -> Result<bool, StoreError> {
        self.counted().delete_account(id).await
    }
}

#[async_trait]
impl ApiTokens for Counting {
    async fn rotate_token(
        &self,
        account: &AccountId,
        token: &NewApiToken,
        keep_old_until: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        self.counted().rotate_token(account, token, keep_old_until).await
    }

    async fn revoke_tokens(&self, account: &AccountId, now: Timestamp) -> Result<u64, StoreError> {
        self.counted().revoke_tokens(account, now).await
    }
}

#[async_trait]
impl Flows for Counting {
    async fn save_flows(
        &self,
        account: &AccountId,
        flows: &[FlowSnapshot],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.counted().save_flows(account, flows, now).await
    }

    async fn has_flow(&self, account: &AccountId, flow: &GraphId) -> Result<bool, StoreError> {
        self.counted().has_flow(account, flow).await
    }

    async fn search_flows(
        &self,
        account: &AccountId,
        query: Option<&str>,
        limit: i64,
    ) -> Result<Vec<FlowRecord>, StoreError> {
        self.counted().search_flows(account, query, limit).await
    }
}

#[async_trait]
impl Webhooks for Counting {
    async fn webhook_config(&self, account: &AccountId) -> Result<WebhookConfig, StoreError> {
        self.counted().webhook_config(account).await
    }

    async fn change_webhook_config(
        &self,
        account: &AccountId,
        change: &WebhookChange,
        fresh_code: &SecretString,
    ) -> Result<WebhookConfig, StoreError> {
        self.counted().change_webhook_config(account, change, fresh_code).await
    }
}

#[async_trait]
impl Upkeep for Counting {
    async fn migrate(&self) -> Result<(), StoreError> {
        self.counted().migrate().await
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        self.counted().check_schema().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.counted().ping().await
    }

    async fn check_keys(&self) -> Result<(), StoreError> {
        self.counted().check_keys().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

async fn a_send_with_a_cached_token_touches_no_database(place: Place) {
    let (store, asked) = Counting::on(&place).await;
    let gateway = Setup::on(store).await.start().await;
    let send = async || {
        let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
        gateway.post("/v2/messages/send/text", &text).send().await.status
    };
    // A machine that stalls between two sends may outlast the cache; not again and again.
    eventually("a send asks nothing of the database", async || {
        assert_eq!(send().await, 200);
        let before = asked.load(Ordering::SeqCst);
        assert_eq!(send().await, 200);
        asked.load(Ordering::SeqCst) == before
    })
    .await;
}

async fn of_many_requests_at_once_few_ask_the_database(place: Place) {
    let (store, asked) = Counting::on(&place).await;
    let gateway = Setup::on(store).await.start().await;
    let before = asked.load(Ordering::SeqCst);
    let asks = (0..100).map(|_| gateway.get("/v2/me").send());
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let asked = asked.load(Ordering::SeqCst) - before;
    assert!(asked < 50, "asked {asked} times");
}

async fn a_token_that_nobody_can_hold_is_never_looked_up(place: Place) {
    let (store, asked) = Counting::on(&place).await;
    let gateway = Setup::on(store).await.start().await;
    let before = asked.load(Ordering::SeqCst);
    let misspelt = "avp_live_00000000000000000000000000000000000000";
    for token in ["short", misspelt, "avp_live_", &"x".repeat(600)] {
        assert_eq!(status(&gateway, token).await, 401);
    }
    assert_eq!(asked.load(Ordering::SeqCst), before);
    assert_eq!(status(&gateway, &token_of("nobody")).await, 401);
    assert_eq!(asked.load(Ordering::SeqCst), before + 1);
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
