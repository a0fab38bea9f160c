//! What `create` and `update` are told in the same words.

use std::str::FromStr;

use anyhow::ensure;

use crate::model::{GraphId, PhoneNumber, RateLimit};

/// The value of `--plan`.
#[derive(Clone, Debug)]
pub(super) enum PlanName {
    /// `none`
    NoPlan,
    Named(String),
}

impl FromStr for PlanName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = parse_name(text)?;
        if name.eq_ignore_ascii_case("none") {
            return Ok(Self::NoPlan);
        }
        Ok(Self::Named(name))
    }
}

/// The value of `--rate-limit`; `None` is `default`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnLimit(pub(super) Option<RateLimit>);

impl FromStr for OwnLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("default") {
            return Ok(Self(None));
        }
        let limit = text.parse().map_err(|fault| format!("{fault}; default is taken, too"))?;
        Ok(Self(Some(limit)))
    }
}

pub(super) fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if name.contains(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(name.to_owned())
}

/// Looks like an email address. Whether it is one, only a message to it could tell.
pub(super) fn parse_email(text: &str) -> Result<String, String> {
    let fault = || "must be an email address".to_owned();
    let (before, behind) = text.split_once('@').ok_or_else(fault)?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    if before.is_empty() || behind.is_empty() || before.contains(odd) || behind.contains(odd) {
        return Err(fault());
    }
    Ok(text.to_owned())
}

/// `ID=NUMBER`: Meta's id of the number, and the number as people are to see it.
pub(super) fn parse_phone(text: &str) -> Result<PhoneNumber, String> {
    let fault = || "must be ID=NUMBER, such as 106540352242922=+15550783881".to_owned();
    let (id, number) = text.split_once('=').ok_or_else(fault)?;
    let id = GraphId::from_str(id)?;
    let number = number.trim();
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = digits.contains(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || " -().".contains(c));
    if !is_number {
        return Err(fault());
    }
    Ok(PhoneNumber { id, number: number.to_owned(), name: String::new() })
}

/// Which of two numbers for one id is meant, nobody can say.
pub(super) fn require_different(numbers: &[PhoneNumber]) -> anyhow::Result<()> {
    for (position, number) in numbers.iter().enumerate() {
        let earlier = numbers.iter().take(position);
        let repeated = earlier.filter(|other| other.id == number.id).count() > 0;
        ensure!(!repeated, "--phone names {} more than once", number.id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{parse_email, parse_phone};

    #[test]
    fn a_phone_is_an_id_and_a_number_as_people_write_it() {
        let phone = parse_phone("106540352242922=+1 (555) 078-3881").unwrap();
        assert_eq!(phone.id.as_str(), "106540352242922");
        assert_eq!(phone.number, "+1 (555) 078-3881");
        for odd in ["106540352242922", "=+15550783881", "me=+15550783881", "1=", "1=+", "1=555x"] {
            assert!(parse_phone(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_email_has_one_at_sign_and_no_spaces() {
        assert!(parse_email("Ada@example.com").is_ok());
        for odd in ["", "ada", "@example.com", "ada@", "a@b@c", "a da@example.com", "a@b\n"] {
            assert!(parse_email(odd).is_err(), "{odd:?}");
        }
    }
}
