//! What of a change is written down: ids, names, dates and hosts. Never a secret, nor the path of
//! an address, which may be one, nor anything about a person.

use serde_json::{Value, json};
use url::{Position, Url};

use crate::model::{
    AuditAction, Deed, DeliveryId, GraphId, NewAccount, NewApiToken, OwnRateLimits, PhoneNumber,
    Plan, RateLimit, Timestamp, WebhookConfig, WebhookEvent,
};
use crate::store::{AccountChange, SealedRows};

/// What of an account a change may touch.
pub(in crate::store) struct Standing {
    pub(in crate::store) suspended: bool,
    pub(in crate::store) primary_plan: Option<Plan>,
    pub(in crate::store) phone_numbers: Vec<PhoneNumber>,
    pub(in crate::store) sealed_meta_token: Option<Vec<u8>>,
    pub(in crate::store) rate_limits: OwnRateLimits,
}

/// A token beside the one that was just made.
pub(in crate::store) struct OtherToken {
    pub(in crate::store) last_four: String,
    pub(in crate::store) ends_at: Option<Timestamp>,
}

pub(in crate::store) fn account_created(new: &NewAccount) -> Vec<Deed> {
    let account = &new.account;
    let add_ons = account.plans.iter().filter(|plan| plan.add_on).map(|plan| &plan.name);
    let linked = account.whatsapp.as_ref();
    let details = json!({
        "plan": account.primary_plan().map(plan),
        "addOns": add_ons.collect::<Vec<_>>(),
        "wabaId": linked.map(|linked| &linked.waba_id),
        "metaToken": linked.is_some_and(|linked| linked.meta_token.is_some()),
        "phoneNumberIds": ids(&account.phone_numbers),
    });
    vec![Deed::new(AuditAction::AccountCreated, details), token_created(&new.token)]
}

pub(in crate::store) fn account_changed(
    before: &Standing,
    change: &AccountChange,
    new_meta_token: bool,
) -> Vec<Deed> {
    let mut deeds = Vec::new();
    if new_meta_token {
        deeds.push(Deed::new(AuditAction::MetaTokenChanged, json!({})));
    }
    let earlier = before.primary_plan.as_ref().map(plan);
    let later = change.primary_plan.as_ref().map(|given| given.as_ref().map(plan));
    if let Some(later) = later.filter(|later| *later != earlier) {
        let details = json!({ "from": earlier, "to": later });
        deeds.push(Deed::new(AuditAction::PlanChanged, details));
    }
    deeds.extend(numbers_changed(&before.phone_numbers, change));
    deeds.extend(limits_changed(before.rate_limits, change));
    if let Some(suspended) = change.suspended.filter(|suspended| *suspended != before.suspended) {
        let (shut, opened) = (AuditAction::AccountSuspended, AuditAction::AccountResumed);
        deeds.push(Deed::new(if suspended { shut } else { opened }, json!({})));
    }
    deeds
}

pub(in crate::store) fn account_deleted() -> Deed {
    Deed::new(AuditAction::AccountDeleted, json!({}))
}

pub(in crate::store) fn token_created(token: &NewApiToken) -> Deed {
    Deed::new(AuditAction::TokenCreated, json!({ "token": token.last_four }))
}

/// A token that takes the place of others: one that still works for a while, and those that
/// stopped at once. Where there was none, it is simply a new one.
pub(in crate::store) fn token_rotated(
    new: &NewApiToken,
    kept: Option<&OtherToken>,
    stopped: &[OtherToken],
) -> Deed {
    if kept.is_none() && stopped.is_empty() {
        return token_created(new);
    }
    let details = json!({
        "token": new.last_four,
        "kept": kept.map(|kept| json!({ "token": kept.last_four, "until": kept.ends_at })),
        "stopped": last_fours(stopped),
    });
    Deed::new(AuditAction::TokenRotated, details)
}

pub(in crate::store) fn tokens_revoked(stopped: &[OtherToken]) -> Option<Deed> {
    let details = json!({ "tokens": last_fours(stopped) });
    (!stopped.is_empty()).then(|| Deed::new(AuditAction::TokenRevoked, details))
}

pub(in crate::store) fn webhook_changed(
    before: &WebhookConfig,
    after: &WebhookConfig,
    code_changed: bool,
) -> Option<Deed> {
    let mut details = serde_json::Map::new();
    if before.url != after.url {
        let hosts =
            json!({ "from": host(before.url.as_deref()), "to": host(after.url.as_deref()) });
        details.insert("host".to_owned(), hosts);
    }
    if code_changed {
        details.insert("codeChanged".to_owned(), json!(true));
    }
    if before.events != after.events {
        let events = json!({ "from": names(&before.events), "to": names(&after.events) });
        details.insert("events".to_owned(), events);
    }
    (!details.is_empty()).then(|| Deed::new(AuditAction::WebhookChanged, details.into()))
}

pub(in crate::store) fn endpoint_disabled(delivery: &DeliveryId, reason: &str) -> Deed {
    let details = json!({ "reason": reason, "delivery": delivery.as_str() });
    Deed::new(AuditAction::EndpointDisabled, details)
}

pub(in crate::store) fn endpoint_enabled(disabled_at: i64) -> Deed {
    let details = json!({ "disabledSince": Timestamp::from_millis(disabled_at) });
    Deed::new(AuditAction::EndpointEnabled, details)
}

pub(in crate::store) fn redelivered(delivery: &DeliveryId) -> Deed {
    Deed::new(AuditAction::DeliveryRedelivered, json!({ "delivery": delivery.as_str() }))
}

pub(in crate::store) fn range_redelivered(from: Timestamp, to: Timestamp, count: u64) -> Deed {
    let details = json!({ "from": from, "to": to, "count": count });
    Deed::new(AuditAction::RangeRedelivered, details)
}

/// One step of a rotation; a step that sealed nothing is none. The key is named by its id, as
/// `doctor` and errors name it.
pub(in crate::store) fn key_rotated(key_id: &str, sealed: SealedRows) -> Option<Deed> {
    let SealedRows { accounts, posts } = sealed;
    let details = json!({ "key": key_id, "accounts": accounts, "posts": posts });
    (!sealed.is_none()).then(|| Deed::new(AuditAction::KeyRotated, details))
}

fn numbers_changed(before: &[PhoneNumber], change: &AccountChange) -> Option<Deed> {
    let was = |id: &GraphId| before.iter().find(|number| number.id == *id);
    let is_set = |id: &GraphId| change.add_numbers.iter().any(|number| number.id == *id);
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for number in &change.add_numbers {
        match was(&number.id) {
            None => added.push(&number.id),
            Some(known) if known != number => changed.push(&number.id),
            Some(_) => {}
        }
    }
    let gone = |id: &&GraphId| was(id).is_some() && !is_set(id);
    let removed: Vec<_> = change.remove_numbers.iter().filter(gone).collect();
    if added.is_empty() && changed.is_empty() && removed.is_empty() {
        return None;
    }
    let details = json!({ "added": added, "changed": changed, "removed": removed });
    Some(Deed::new(AuditAction::NumbersChanged, details))
}

fn limits_changed(before: OwnRateLimits, change: &AccountChange) -> Option<Deed> {
    let mut details = serde_json::Map::new();
    let given = [
        ("account", before.account, change.rate_limit),
        ("number", before.number, change.number_rate_limit),
    ];
    for (name, from, to) in given {
        if let Some(to) = to.filter(|to| *to != from) {
            let written = |limit: Option<RateLimit>| limit.map(|limit| limit.to_string());
            details.insert(name.to_owned(), json!({ "from": written(from), "to": written(to) }));
        }
    }
    (!details.is_empty()).then(|| Deed::new(AuditAction::LimitsChanged, details.into()))
}

fn ids(numbers: &[PhoneNumber]) -> Vec<&GraphId> {
    numbers.iter().map(|number| &number.id).collect()
}

fn plan(plan: &Plan) -> Value {
    json!({ "name": plan.name, "ends": plan.ends_at })
}

fn last_fours(tokens: &[OtherToken]) -> Vec<&str> {
    tokens.iter().map(|token| token.last_four.as_str()).collect()
}

fn names(events: &[WebhookEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.name()).collect()
}

/// The host of an address, with its port if that is named.
fn host(url: Option<&str>) -> Option<String> {
    let url = url.map(Url::parse)?;
    Some(url.map_or_else(
        |_| "unreadable".to_owned(),
        |url| url[Position::BeforeHost..Position::AfterPort].to_owned(),
    ))
}
