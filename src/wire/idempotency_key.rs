//! `Idempotency-Key`: the caller's word for a send that must happen once.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::ApiError;
use crate::fields::Violations;

const NAME: &str = "Idempotency-Key";
const MOST: usize = 255;

/// 1 to 255 visible ASCII characters, without the quotes that a structured field has around it;
/// `None` if the caller sent none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(Violations::one(NAME, "must be given only once").into());
        }
        let key = value.to_str().ok().and_then(read);
        match key {
            Some(key) => Ok(Self(Some(key))),
            None => {
                let rule = format!("must be 1 to {MOST} visible ASCII characters");
                Err(Violations::one(NAME, rule).into())
            }
        }
    }
}

fn read(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t']);
    let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    ((1..=MOST).contains(&key.len()) && visible).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn quotes_around_a_key_are_not_part_of_it() {
        assert_eq!(read("\"order-1\"").as_deref(), Some("order-1"));
        assert_eq!(read("order-1").as_deref(), Some("order-1"));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let long = "k".repeat(256);
        for wrong in ["", "\"\"", "two words", long.as_str()] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert!(read(&"k".repeat(255)).is_some());
    }
}
