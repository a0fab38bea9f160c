//! Step 1: who calls.

use std::sync::Arc;

use axum::extract::{Request, State};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::model::ApiToken;
use crate::state::{AppState, Caller, Found};
use crate::wire::{ApiError, Carried, RequestRecord};

/// Proof that the caller showed a live token of an account that can call Graph.
#[derive(Clone, Debug)]
pub struct Authenticated(Arc<Caller>);

impl Authenticated {
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        &self.0
    }

    async fn confirm(headers: &HeaderMap, state: &AppState) -> Result<Self, ApiError> {
        let shown = shown_token(headers)?.ok_or(ApiError::MissingToken)?;
        let token = ApiToken::parse(shown).ok_or(ApiError::InvalidToken)?;
        match state.callers.find(&token.digest()).await? {
            Found::Nobody => Err(ApiError::InvalidToken),
            Found::NoWhatsApp => Err(ApiError::NoWhatsAppAccount),
            Found::Caller(caller) => Ok(Self(caller)),
        }
    }
}

pub(super) async fn require(
    State(state): State<AppState>,
    Carried(record): Carried<Arc<RequestRecord>>,
    mut request: Request,
) -> Result<Request, ApiError> {
    let proof = Authenticated::confirm(request.headers(), &state).await?;
    record.account.get_or_init(|| proof.0.account.id.clone());
    request.extensions_mut().insert(proof);
    Ok(request)
}

/// The token of the request: in one place, or the same one in several.
fn shown_token(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let bearers = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, _) = value.as_bytes().split_at_checked(BEARER.len())?;
        scheme.eq_ignore_ascii_case(BEARER).then(|| match value.to_str() {
            Ok(text) => text.get(BEARER.len()..).unwrap_or_default(),
            Err(_) => NO_TEXT,
        })
    });
    let others = headers.get_all("x-api-token").iter();
    let others = others.map(|value| value.to_str().unwrap_or(NO_TEXT));
    let mut tokens = bearers.chain(others).map(str::trim).filter(|token| !token.is_empty());
    let first = tokens.next();
    if tokens.any(|token| Some(token) != first) {
        return Err(ApiError::InvalidToken);
    }
    Ok(first)
}

const BEARER: &[u8] = b"bearer ";
/// A value that is no text is still a token shown, and no right one.
const NO_TEXT: &str = "\u{fffd}";

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::shown_token;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(pair).collect()
    }

    #[test]
    fn a_token_is_found_in_either_header_and_the_scheme_in_any_case() {
        for line in
            [("authorization", "bearer T1"), ("authorization", "BEARER  T1"), ("x-api-token", "T1")]
        {
            assert_eq!(shown_token(&headers(&[line])).unwrap(), Some("T1"), "{line:?}");
        }
    }

    #[test]
    fn the_same_token_twice_is_one_token_and_two_different_ones_are_none() {
        let both = |second| [("authorization", "Bearer T1"), ("x-api-token", second)];
        assert_eq!(shown_token(&headers(&both("T1"))).unwrap(), Some("T1"));
        assert!(shown_token(&headers(&both("T2"))).is_err());
    }

    #[test]
    fn another_scheme_or_an_empty_value_is_no_token() {
        for line in
            [("authorization", "Basic T1"), ("authorization", "Bearer "), ("x-api-token", "")]
        {
            assert_eq!(shown_token(&headers(&[line])).unwrap(), None, "{line:?}");
        }
    }
}
