//! A failure of Graph's in words for whoever keeps the gateway: what happened, and what to do.

use super::output;
use crate::graph::{Cause, GraphFailure};
use crate::model::Account;

/// Graph's code for a token that it does not take any more.
const TOKEN_REFUSED: i64 = 190;

pub(super) struct Advice {
    pub(super) happened: String,
    pub(super) fix: String,
}

impl Advice {
    /// When `account` asked for what belongs to its WhatsApp account.
    pub(super) fn on(failure: &GraphFailure, account: &Account) -> Self {
        let email = &account.email;
        let set_token =
            format!("`avenping account update {email} --meta-token-file FILE` sets another token");
        let code = failure.error.as_ref().and_then(|error| error.code);
        match failure.cause {
            _ if code == Some(TOKEN_REFUSED) => Self {
                happened: told(
                    "Meta refuses the account's token, which has expired or was revoked",
                    failure,
                ),
                fix: format!("make a new token at Meta; {set_token}"),
            },
            Cause::Credentials => Self {
                happened: told("Meta lets the account's token do too little", failure),
                fix: format!(
                    "give it the permissions whatsapp_business_management and \
                     whatsapp_business_messaging; {set_token}"
                ),
            },
            Cause::UnknownObject | Cause::Refused => Self {
                happened: told("Meta does not show the WhatsApp account to the token", failure),
                fix: format!("check the id of the WhatsApp account; {set_token}"),
            },
            Cause::Throttled => Self {
                happened: told("Meta throttles", failure),
                fix: "try again in a while".to_owned(),
            },
            Cause::Timeout | Cause::Broken | Cause::BreakerOpen => Self::on_the_way(failure),
        }
    }

    /// When nothing of Graph's could be read at all.
    pub(super) fn on_the_way(failure: &GraphFailure) -> Self {
        Self {
            happened: told(failure.detail, failure),
            fix: "check AVENPING_GRAPH_URL, the names that this machine can resolve, its firewall"
                .to_owned(),
        }
    }
}

/// With Graph's status and own words, if it had any. They hold no token.
fn told(happened: &str, failure: &GraphFailure) -> String {
    let status = failure.upstream_status.map(|status| format!(" (HTTP {status})"));
    let message = failure.error.as_ref().and_then(|error| error.message.as_deref());
    let message = message.map(|message| format!(": {}", output::visible(message)));
    format!("{happened}{}{}", status.unwrap_or_default(), message.unwrap_or_default())
}
