//! To whom forms have gone: which rows that makes, alike for both databases.

use sqlx::FromRow;

use super::intake::{DataKeys, Mark};

const MARK: &str = "form_recipients.mark";

/// A message that is known to have gone out.
#[derive(FromRow)]
pub(super) struct Sent {
    account_id: String,
    /// The form in it; most have none.
    form: Option<String>,
    recipient: String,
}

/// One person to whom a form has gone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RecipientRow<'a> {
    pub(super) account: &'a str,
    pub(super) form: &'a str,
    pub(super) mark: Mark,
}

/// The accounts whose forms are in the messages, each once and in order.
pub(super) fn accounts(sent: &[Sent]) -> Vec<&str> {
    let with_form = sent.iter().filter(|message| message.form.is_some());
    let mut accounts: Vec<_> = with_form.map(|message| message.account_id.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The rows in an order that is the same for all callers, so that two who write the same ones
/// wait for each other in one direction only.
pub(super) fn rows<'a>(sent: &'a [Sent], keys: &DataKeys) -> Vec<RecipientRow<'a>> {
    let row = |message: &'a Sent| {
        let (account, form) = (message.account_id.as_str(), message.form.as_deref()?);
        let mark = keys.of(account)?.mark(MARK, &[&message.recipient]);
        Some(RecipientRow { account, form, mark })
    };
    let mut rows: Vec<_> = sent.iter().filter_map(row).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}
