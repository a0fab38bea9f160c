//! The rules that texts keep in both databases, whatever each of them would do by itself.

use super::StoreError;
use crate::model::{Account, FlowSnapshot, PhoneNumber, Plan, WebhookChange};

/// SQLite would take U+0000 and PostgreSQL would not.
pub(super) fn storable(name: &'static str, text: &str) -> Result<(), StoreError> {
    if text.contains('\0') { Err(StoreError::Nul(name)) } else { Ok(()) }
}

pub(super) fn storable_account(account: &Account) -> Result<(), StoreError> {
    storable("the id", account.id.as_str())?;
    storable("the name", &account.name)?;
    storable("the email", &account.email)?;
    if let Some(whatsapp) = &account.whatsapp {
        storable("the id of the WhatsApp account", &whatsapp.id)?;
        storable("the name of the WhatsApp account", &whatsapp.display_name)?;
    }
    account.plans.iter().try_for_each(storable_plan)?;
    account.phone_numbers.iter().try_for_each(storable_number)
}

pub(super) fn storable_plan(plan: &Plan) -> Result<(), StoreError> {
    storable("the name of a plan", &plan.name)
}

pub(super) fn storable_number(number: &PhoneNumber) -> Result<(), StoreError> {
    storable("a phone number", &number.number)?;
    storable("the name of a phone number", &number.name)
}

pub(super) fn storable_flow(flow: &FlowSnapshot) -> Result<(), StoreError> {
    storable("the name of a flow", &flow.name)?;
    storable("the status of a flow", &flow.status)?;
    storable("the validation of a flow", &flow.validation)
}

pub(super) fn storable_webhook(change: &WebhookChange) -> Result<(), StoreError> {
    let url = change.url.as_ref().and_then(Option::as_ref);
    url.map_or(Ok(()), |url| storable("the webhook URL", url))
}

/// The databases fold only ASCII, or what their locale says; so the folding is done here.
pub(super) fn folded(text: &str) -> String {
    // By way of upper case, so that ς meets σ and ß meets ss.
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn texts_that_differ_only_in_letter_case_fold_to_the_same() {
        for (one, other) in
            [("LEAD", "lead"), ("ÄÖÜ", "äöü"), ("ΟΔΟΣ", "οδος"), ("Straße", "STRASSE")]
        {
            assert_eq!(folded(one), folded(other));
        }
        assert_eq!(folded("50%_👋"), "50%_👋");
    }
}
