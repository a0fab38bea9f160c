//! One account: whether the API is open to it, and what Meta says to its token.

use super::Report;
use crate::cli::graph_failure::Advice;
use crate::cli::{credentials, which_account};
use crate::clock::Clock;
use crate::graph::Graph;
use crate::model::{Account, PhoneNumber};
use crate::store::Store;

pub(super) async fn check(report: &mut Report, store: &Store, graph: &Graph, which: &str) {
    let account = match which_account::find(store, which).await {
        Ok(account) => account,
        Err(error) => {
            let fix = "`avenping account create` makes one";
            report.fail("account", format!("{error:#}"), fix);
            return super::graph::check(report, graph).await;
        }
    };
    suspended(report, &account);
    plan(report, &account);
    meta(report, graph, &account).await;
}

fn suspended(report: &mut Report, account: &Account) {
    let Account { id, email, .. } = account;
    if account.suspended {
        let fix = format!("`avenping account update {email} --resume` lets it in again");
        return report.fail("account", format!("{email} ({id}) is suspended"), fix);
    }
    report.ok("account", format!("{email} ({id})"));
}

fn plan(report: &mut Report, account: &Account) {
    const CHECK: &str = "plan";
    let update = format!("`avenping account update {}", account.email);
    let Some(plan) = account.primary_plan() else {
        let fix = format!("{update} --plan Premium --plan-ends WHEN` gives it one");
        return report.fail(CHECK, "the account has none".to_owned(), fix);
    };
    let name = &plan.name;
    let end = plan.ends_at.map_or_else(|| "at no known time".to_owned(), |end| end.to_string());
    if !plan.is_active(Clock::system().now()) {
        let fix = format!("{update} --plan-ends WHEN` prolongs it");
        return report.fail(CHECK, format!("{name} ended {end}"), fix);
    }
    if !plan.allows_api() {
        let fix = format!("{update} --plan Premium` or Enterprise does");
        return report.fail(CHECK, format!("{name} does not open the API"), fix);
    }
    report.ok(CHECK, format!("{name}, ends {end}"));
}

/// Asks Graph for the account's numbers: it needs all of what a send needs but the number.
async fn meta(report: &mut Report, graph: &Graph, account: &Account) {
    const CHECK: &str = "Graph";
    let Some(whatsapp) = &account.whatsapp else {
        let fix = "create it anew with --waba-id";
        return report.fail("WhatsApp", "the account has no WhatsApp account".to_owned(), fix);
    };
    let Some(token) = &whatsapp.meta_token else {
        let update = format!("`avenping account update {} --meta-token-file FILE`", account.email);
        return report.fail("Meta token", "is not set".to_owned(), format!("{update} sets one"));
    };
    let waba = &whatsapp.waba_id;
    match graph.phone_numbers(credentials::of(account, token), waba).await {
        Ok(listed) => {
            report.ok(CHECK, format!("takes the Meta token for WhatsApp account {waba}"));
            compare(report, account, &listed);
        }
        Err(failure) => {
            let Advice { happened, fix } = Advice::on(&failure, account);
            report.fail(CHECK, happened, fix);
        }
    }
}

fn compare(report: &mut Report, account: &Account, listed: &[PhoneNumber]) {
    const CHECK: &str = "phones";
    let email = &account.email;
    let sync = format!("`avenping account sync {email}` adds them");
    let ours = &account.phone_numbers;
    let unlisted = ids(ours.iter().filter(|own| listed.iter().all(|number| number.id != own.id)));
    let unknown = ids(listed.iter().filter(|number| ours.iter().all(|own| own.id != number.id)));
    if ours.is_empty() {
        return report.fail(
            CHECK,
            format!("the account has none, Meta lists {}", listed.len()),
            sync,
        );
    }
    if !unknown.is_empty() {
        report.warn(CHECK, format!("Meta lists more: {}", unknown.join(", ")), sync);
    }
    if !unlisted.is_empty() {
        let fix = format!(
            "if they are gone, take them away: `avenping account update {email} --remove-phone ID`"
        );
        report.warn(CHECK, format!("Meta does not list {}", unlisted.join(", ")), fix);
    }
    if unknown.is_empty() && unlisted.is_empty() {
        report.ok(CHECK, format!("the {} that Meta lists", ours.len()));
    }
}

fn ids<'a>(numbers: impl Iterator<Item = &'a PhoneNumber>) -> Vec<&'a str> {
    numbers.map(|number| number.id.as_str()).collect()
}
