//! Step 1: who calls.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::rate_limits;
use crate::model::{ApiToken, LastFour};
use crate::state::{AppState, Caller, Found};
use crate::wire::{ApiError, Carried, RequestRecord, Style};

/// Proof that the caller showed a live token of an account that can call Graph.
#[derive(Clone, Debug)]
pub struct Authenticated {
    caller: Arc<Caller>,
    token: LastFour,
}

impl Authenticated {
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// What may be told of the token that was shown.
    pub(super) fn token(&self) -> LastFour {
        self.token
    }

    async fn confirm(
        shown: Option<Cow<'_, str>>,
        headers: &HeaderMap,
        peer: SocketAddr,
        state: &AppState,
    ) -> Result<Self, ApiError> {
        let shown = shown.ok_or(ApiError::MissingToken)?;
        let token = ApiToken::parse(&shown).ok_or(ApiError::InvalidToken)?;
        let digest = token.digest();
        let found = match state.callers.known(&digest) {
            Some(found) => found,
            None => {
                // Who guesses has no such token: it is asked about, whatever else comes from there.
                if !state.callers.was_genuine(&digest) {
                    let address = state.limits.client_address(peer.ip(), headers);
                    state.limits.rates.check_address(address).map_err(too_many_failures)?;
                }
                // Boxed, for it is rare, and a request would be carried about with room for it.
                Box::pin(state.callers.find(&digest)).await?
            }
        };
        match found {
            Found::Nobody => Err(ApiError::InvalidToken),
            Found::NoWhatsApp => Err(ApiError::NoWhatsAppAccount),
            Found::Caller(caller) => Ok(Self { caller, token: token.last_four() }),
        }
    }
}

pub(super) async fn require(parts: &Parts, state: &AppState) -> Result<Authenticated, ApiError> {
    let Carried(record) = Carried::<Arc<RequestRecord>>::of(&parts.extensions)?;
    let Carried(ConnectInfo(peer)) = Carried::<ConnectInfo<SocketAddr>>::of(&parts.extensions)?;
    let headers = &parts.headers;
    let elsewhere = match record.style {
        Style::Meta => shown_to_meta(headers, parts.uri.query().unwrap_or_default()),
        Style::AvenPing(_) => Vec::new(),
    };
    let confirmed = match shown_token(headers, elsewhere) {
        Ok(shown) => Authenticated::confirm(shown, headers, peer, state).await,
        Err(differ) => Err(differ),
    };
    if matches!(confirmed, Err(ApiError::InvalidToken)) {
        let address = state.limits.client_address(peer.ip(), headers);
        state.limits.rates.count_failure(address).map_err(too_many_failures)?;
    }
    let proof = confirmed?;
    let caller = proof.caller();
    record.account.get_or_init(|| caller.account.id.clone());
    if let Some(slot) = caller.share.enter(record.class)? {
        record.hold(slot);
    }
    if let Some(counted) = state.limits.rates.count_account(&caller.account) {
        rate_limits::admit(counted, &record)?;
    }
    Ok(proof)
}

fn too_many_failures(wait: Duration) -> ApiError {
    ApiError::RateLimited { limited: "Too many invalid API tokens from this address", wait }
}

/// The token of the request: in one place, or the same one in several.
fn shown_token<'a>(
    headers: &'a HeaderMap,
    elsewhere: Vec<Cow<'a, str>>,
) -> Result<Option<Cow<'a, str>>, ApiError> {
    let bearers = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, _) = value.as_bytes().split_at_checked(BEARER.len())?;
        scheme.eq_ignore_ascii_case(BEARER).then(|| match value.to_str() {
            Ok(text) => text.get(BEARER.len()..).unwrap_or_default(),
            Err(_) => NO_TEXT,
        })
    });
    let others = headers.get_all("x-api-token").iter();
    let others = others.map(|value| value.to_str().unwrap_or(NO_TEXT));
    let tokens = bearers.chain(others).map(str::trim).map(Cow::Borrowed).chain(elsewhere);
    let mut tokens = tokens.filter(|token| !token.is_empty());
    let first = tokens.next();
    if tokens.any(|token| Some(&token) != first.as_ref()) {
        return Err(ApiError::InvalidToken);
    }
    Ok(first)
}

/// Where callers of Meta's and of Interakt's may show it besides.
fn shown_to_meta<'a>(headers: &'a HeaderMap, query: &'a str) -> Vec<Cow<'a, str>> {
    let header = headers.get_all("x-access-token").iter();
    let header = header.map(|value| value.to_str().unwrap_or(NO_TEXT).trim().into());
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let query = pairs.filter(|(name, _)| name == ACCESS_TOKEN).map(|(_, value)| value);
    header.chain(query).collect()
}

/// The member of a query that Meta takes a token from.
pub const ACCESS_TOKEN: &str = "access_token";
const BEARER: &[u8] = b"bearer ";
/// A value that is no text is still a token shown, and no right one.
const NO_TEXT: &str = "\u{fffd}";

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{shown_to_meta, shown_token};
    use crate::wire::ApiError;
    use std::borrow::Cow;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(pair).collect()
    }

    fn shown(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, ApiError> {
        shown_token(headers, Vec::new())
    }

    #[test]
    fn metas_callers_show_it_in_two_more_places() {
        let none = headers(&[]);
        assert_eq!(shown_to_meta(&none, "a=1&access_token=T%31"), ["T1"]);
        assert_eq!(shown_to_meta(&headers(&[("x-access-token", " T1")]), ""), ["T1"]);
        let bearer = headers(&[("authorization", "Bearer T1")]);
        assert!(shown_token(&bearer, shown_to_meta(&bearer, "access_token=T2")).is_err());
        assert!(
            shown_token(&none, shown_to_meta(&none, "access_token=T1&access_token=T2")).is_err()
        );
    }

    #[test]
    fn a_token_is_found_in_either_header_and_the_scheme_in_any_case() {
        for line in
            [("authorization", "bearer T1"), ("authorization", "BEARER  T1"), ("x-api-token", "T1")]
        {
            assert_eq!(shown(&headers(&[line])).unwrap().as_deref(), Some("T1"), "{line:?}");
        }
    }

    #[test]
    fn the_same_token_twice_is_one_token_and_two_different_ones_are_none() {
        let both = |second| [("authorization", "Bearer T1"), ("x-api-token", second)];
        assert_eq!(shown(&headers(&both("T1"))).unwrap().as_deref(), Some("T1"));
        assert!(shown(&headers(&both("T2"))).is_err());
    }

    #[test]
    fn another_scheme_or_an_empty_value_is_no_token() {
        for line in
            [("authorization", "Basic T1"), ("authorization", "Bearer "), ("x-api-token", "")]
        {
            assert_eq!(shown(&headers(&[line])).unwrap(), None, "{line:?}");
        }
    }
}
