//! An API token, shown this once: the store keeps no more than its digest.

use anyhow::Context as _;
use serde::Serialize;

use super::output;
use crate::model::{AccountId, ApiToken};

const LOST: &str =
    "the token was made but could not be shown; `avenping token rotate` makes another";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    account_id: &'a AccountId,
    token: &'a str,
}

pub(super) fn show(account: &AccountId, token: &ApiToken, json: bool) -> anyhow::Result<()> {
    let token = token.reveal();
    if json {
        let answer = Answer { account_id: account, token };
        return output::once(serde_json::to_string(&answer)?).context(LOST);
    }
    let text = format!(
        "account  {account}\ntoken    {token}\n\nKeep the token: it is not shown a second time."
    );
    output::once(text).context(LOST)
}
