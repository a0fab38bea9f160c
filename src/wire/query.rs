//! Query parameters, read by name. Unknown ones are ignored; a known one given twice is a fault.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::ApiError;
use crate::fields::Violations;

/// The decoded pairs of a query, in order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The value of `name`; an empty one counts as left out.
    ///
    /// # Errors
    /// When it is given twice.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            return Err(Violations::one(name, "must be given only once").into());
        }
        Ok(first.map(String::as_str).filter(|value| !value.is_empty()))
    }

    /// The value of `name`, which must not be empty: for where leaving it out means much more.
    ///
    /// # Errors
    /// When it is given twice, or empty.
    pub fn filled(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let text = self.text(name)?;
        if text.is_none() && self.is_given(name) {
            return Err(Violations::one(name, "must not be empty").into());
        }
        Ok(text)
    }

    fn is_given(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The value of `name` as a whole number from `range`.
    ///
    /// # Errors
    /// When it is given twice, or is no such number.
    pub fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.text(name)? else {
            return if self.is_given(name) { Err(out_of(name, &range)) } else { Ok(None) };
        };
        let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits_only && range.contains(number));
        number.map(Some).ok_or_else(|| out_of(name, &range))
    }
}

fn out_of(name: &str, range: &std::ops::RangeInclusive<u32>) -> ApiError {
    let (least, most) = (range.start(), range.end());
    Violations::one(name, format!("must be a whole number from {least} to {most}")).into()
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}
