//! Accounts to call with.

use std::time::Duration;

use avenping_gateway::model::{
    Account, AccountId, Actor, ApiToken, GraphId, NewAccount, OwnRateLimits, PhoneNumber, Plan,
    Timestamp, WhatsAppAccount,
};
use secrecy::SecretString;

/// What the clock of every gateway shows until it is moved: 2027-01-15T08:00:00Z.
pub(crate) const NOW: i64 = 1_800_000_000_000;

/// Of the account that every gateway starts with.
pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const WABA: &str = "102290129340398";
pub(crate) const META_TOKEN: &str = "EAAG-the-token-of-Meta";
pub(crate) const TOKEN: &str = "imported-token-of-ada";

/// Who makes the changes that no caller asks for.
pub(crate) const BY: Actor = Actor::GATEWAY;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn graph_id(id: &str) -> GraphId {
    GraphId::parse(id).unwrap()
}

pub(crate) fn token_of(name: &str) -> String {
    format!("imported-token-of-{name}")
}

/// A primary plan that runs for another day.
pub(crate) fn plan(name: &str) -> Plan {
    let ends_at = Some(at(NOW).plus(Duration::from_secs(24 * 60 * 60)));
    Plan { name: name.to_owned(), add_on: false, ends_at }
}

/// An account that may do everything: a Premium plan, a WhatsApp account, one number.
pub(crate) fn somebody(name: &str) -> NewAccount {
    let account = Account {
        id: AccountId::generate(),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        suspended: false,
        plans: vec![plan("Premium")],
        whatsapp: Some(WhatsAppAccount {
            id: format!("whatsapp-{name}"),
            waba_id: graph_id(WABA),
            display_name: format!("{name} Ltd"),
            meta_token: Some(SecretString::from(META_TOKEN)),
        }),
        phone_numbers: vec![PhoneNumber {
            id: graph_id(NUMBER),
            number: "+1 555 078 3881".to_owned(),
            name: "Sales".to_owned(),
        }],
        rate_limits: OwnRateLimits::default(),
        created_at: at(NOW),
    };
    let token = ApiToken::parse(&token_of(name)).unwrap().to_store(at(NOW));
    NewAccount { account, token }
}

/// The same with a Meta token and numbers of its own.
pub(crate) fn another(name: &str, meta_token: &str, numbers: &[&str]) -> NewAccount {
    let mut new = somebody(name);
    if let Some(whatsapp) = &mut new.account.whatsapp {
        whatsapp.meta_token = Some(meta_token.into());
    }
    let number = new.account.phone_numbers.remove(0);
    let with_id = |id: &&str| PhoneNumber { id: graph_id(id), ..number.clone() };
    new.account.phone_numbers = numbers.iter().map(with_id).collect();
    new
}
