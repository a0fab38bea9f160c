//! Accounts and the like to try the store with.

use avenping_gateway::model::{
    Account, AccountId, Actor, ApiToken, FlowSnapshot, GraphId, MessageId, MessageRecord,
    NewAccount, NewApiToken, OwnRateLimits, PhoneNumber, Plan, SendOutcome, SendResult, Timestamp,
    TokenDigest, WhatsAppAccount,
};
use avenping_gateway::store::Store;
use secrecy::{ExposeSecret as _, SecretString};

/// When everything below was made.
pub(crate) const START: i64 = 1_000;

/// Who makes all changes, unless it matters.
pub(crate) const BY: Actor = Actor::GATEWAY;

pub(crate) const META_TOKEN: &str = "EAAG-the-token-of-Meta";

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn graph_id(id: &str) -> GraphId {
    GraphId::parse(id).unwrap()
}

/// The text of the token that `name` was opened with.
pub(crate) fn token_text(name: &str) -> String {
    format!("imported-token-of-{name}")
}

pub(crate) fn digest(name: &str) -> TokenDigest {
    token(name, START).digest
}

pub(crate) fn token(name: &str, created_at: i64) -> NewApiToken {
    ApiToken::parse(&token_text(name)).unwrap().to_store(at(created_at))
}

pub(crate) fn number(id: &str, name: &str) -> PhoneNumber {
    PhoneNumber { id: graph_id(id), number: format!("+1 555 {id}"), name: name.to_owned() }
}

pub(crate) fn plan(name: &str, ends_at: Option<i64>) -> Plan {
    Plan { name: name.to_owned(), add_on: false, ends_at: ends_at.map(at) }
}

pub(crate) fn add_on(name: &str) -> Plan {
    Plan { add_on: true, ..plan(name, Some(5_000)) }
}

/// An account with something in every table that accounts are made of.
pub(crate) fn newcomer(name: &str) -> NewAccount {
    let account = Account {
        id: AccountId::generate(),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        suspended: false,
        plans: vec![add_on("Inbox"), plan("Premium", Some(9_000)), add_on("Storage")],
        whatsapp: Some(WhatsAppAccount {
            id: format!("whatsapp-{name}"),
            waba_id: graph_id("77001"),
            display_name: format!("{name} Ltd"),
            meta_token: Some(SecretString::from(META_TOKEN)),
        }),
        phone_numbers: vec![number("222", "Sales"), number("111", "")],
        rate_limits: OwnRateLimits::default(),
        created_at: at(START),
    };
    NewAccount { account, token: token(name, START) }
}

/// Writes a [`newcomer`] and answers its id.
pub(crate) async fn join(store: &Store, name: &str) -> AccountId {
    let new = newcomer(name);
    store.create_account(&new, &BY).await.unwrap();
    new.account.id
}

pub(crate) async fn read(store: &Store, id: &AccountId) -> Account {
    store.account(id.as_str()).await.unwrap().expect("the account is there")
}

/// Whether the token that `token(name, _)` makes opens an account at `now`.
pub(crate) async fn opens(store: &Store, name: &str, now: i64) -> bool {
    store.account_by_token(&digest(name), at(now)).await.unwrap().is_some()
}

pub(crate) fn meta_token(account: &Account) -> Option<&str> {
    Some(account.whatsapp.as_ref()?.meta_token.as_ref()?.expose_secret())
}

pub(crate) fn flow(id: &str, name: &str, status: &str) -> FlowSnapshot {
    FlowSnapshot {
        id: graph_id(id),
        name: name.to_owned(),
        status: status.to_owned(),
        validation: "[]".to_owned(),
    }
}

/// The record of a message that nothing is known of yet.
pub(crate) fn record(account: &AccountId) -> MessageRecord {
    MessageRecord {
        id: MessageId::generate(),
        account: account.clone(),
        phone_number: graph_id("111"),
        to: "4917012345678".to_owned(),
        kind: "text".to_owned(),
        reference: None,
        form: None,
        created_at: at(START),
        result: None,
        progress: None,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error: None,
    }
}

/// What Graph answers when it takes a message.
pub(crate) fn accepted(wamid: &str) -> SendResult {
    let wamid = Some(wamid.to_owned());
    SendResult { outcome: SendOutcome::Accepted, wamid, wa_id: None }
}
