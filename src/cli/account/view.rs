//! An account as it is shown: as `/v2/me` shows it, and what only its keeper is to know.

use serde::Serialize;

use crate::api::Me;
use crate::cli::output;
use crate::clock::Clock;
use crate::model::{Account, Plan, RateLimit, Timestamp};

/// The JSON of an account. Never a token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountView {
    #[serde(flatten)]
    me: Me,
    add_ons: Vec<AddOn>,
    has_meta_token: bool,
    suspended: bool,
    /// Such as `3000/60s`, `off`, or `default`.
    rate_limit: String,
    number_rate_limit: String,
    created_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddOn {
    name: String,
    end_date: Option<Timestamp>,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let add_on = |plan: &Plan| AddOn { name: plan.name.clone(), end_date: plan.ends_at };
        Self {
            me: Me::from(account),
            add_ons: account.plans.iter().filter(|plan| plan.add_on).map(add_on).collect(),
            has_meta_token: has_meta_token(account),
            suspended: account.suspended,
            rate_limit: limit(account.rate_limits.account),
            number_rate_limit: limit(account.rate_limits.number),
            created_at: account.created_at,
        }
    }
}

/// Prints one account: as an object, or line by line.
pub(super) fn show(account: &Account, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&AccountView::from(account));
    }
    let mut table = output::table();
    let mut row = |name: &str, text: &str| {
        table.add_row(output::cells([name, text]));
    };
    row("id", account.id.as_str());
    row("name", &account.name);
    row("email", &account.email);
    row("state", state(account));
    row("plan", &account.primary_plan().map_or_else(|| "none".to_owned(), with_end));
    for add_on in account.plans.iter().filter(|plan| plan.add_on) {
        row("add-on", &with_end(add_on));
    }
    row("rate limit", &limit(account.rate_limits.account));
    row("per number", &limit(account.rate_limits.number));
    row("created", &account.created_at.to_string());
    match &account.whatsapp {
        None => row("WhatsApp", "no account"),
        Some(linked) => {
            row("WhatsApp", &format!("{} ({})", linked.waba_id, linked.display_name));
            row("Meta token", if linked.meta_token.is_some() { "set" } else { "not set" });
        }
    }
    for number in &account.phone_numbers {
        let text = format!("{}  {}  {}", number.id, number.number, number.name);
        row("phone", text.trim_end());
    }
    output::print_table(&table)
}

fn limit(own: Option<RateLimit>) -> String {
    own.map_or_else(|| "default".to_owned(), |limit| limit.to_string())
}

/// Why the API is closed to the account, or that it is not.
pub(super) fn state(account: &Account) -> &'static str {
    if account.suspended {
        return "suspended";
    }
    match account.primary_plan() {
        None => "no plan",
        Some(plan) if !plan.is_active(Clock::system().now()) => "plan ended",
        Some(plan) if !plan.allows_api() => "no API plan",
        Some(_) if account.whatsapp.is_none() => "no WhatsApp",
        Some(_) if !has_meta_token(account) => "no Meta token",
        Some(_) => "open",
    }
}

fn has_meta_token(account: &Account) -> bool {
    account.whatsapp.as_ref().is_some_and(|linked| linked.meta_token.is_some())
}

fn with_end(plan: &Plan) -> String {
    let end = plan.ends_at.map(|end| format!(", ends {end}"));
    format!("{}{}", plan.name, end.unwrap_or_default())
}
