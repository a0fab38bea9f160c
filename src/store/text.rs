//! The rules that texts keep in both databases, whatever each of them would do by itself.

use std::borrow::Cow;

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

/// What an entry of an index has room for in PostgreSQL, less two ids.
const LONGEST_KEY: usize = 2_000;

/// `text` in a form that can be stored, with U+FFFD for U+0000. For what is written when there is
/// nobody left to refuse it to: better a character off than a row lost, and its batch with it.
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// The same for a text that is looked up: cut to what an index takes. To be used on both sides.
pub(super) fn kept_key(text: &str) -> Cow<'_, str> {
    let kept = kept(text);
    if kept.len() <= LONGEST_KEY {
        return kept;
    }
    let cut = kept.get(..kept.floor_char_boundary(LONGEST_KEY)).unwrap_or_default();
    cut.to_owned().into()
}

/// The databases fold only ASCII, or what their locale says; so the folding is done here.
pub(super) fn folded(text: &str) -> String {
    // By way of upper case, so that ς meets σ and ß meets ss.
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{folded, kept, kept_key};

    #[test]
    fn texts_that_differ_only_in_letter_case_fold_to_the_same() {
        for (one, other) in
            [("LEAD", "lead"), ("ÄÖÜ", "äöü"), ("ΟΔΟΣ", "οδος"), ("Straße", "STRASSE")]
        {
            assert_eq!(folded(one), folded(other));
        }
        assert_eq!(folded("50%_👋"), "50%_👋");
    }
    #[test]
    fn a_nul_gives_way_and_a_key_is_cut_between_letters() {
        assert_eq!(kept("a\0b\0"), "a\u{fffd}b\u{fffd}");
        assert_eq!(kept_key("order-1"), "order-1");
        assert_eq!(kept_key(&"€".repeat(1_000)), "€".repeat(666));
        assert_eq!(kept_key(&"\0".repeat(1_000)), "\u{fffd}".repeat(666));
    }
}
