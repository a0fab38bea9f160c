//! Whom a message is for.

use std::fmt;

/// A receiver in one of the three forms that Meta takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Digits only, at most 20. No country logic: what the caller wrote is what Meta gets.
    Phone(String),
    /// A business-scoped user id, passed untouched.
    User(String),
    /// A group id, passed untouched.
    Group(String),
}

/// As much of a receiver as a log may tell. Who has no more than four characters has none left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedReceiver([u8; 4]);

impl fmt::Display for MaskedReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = std::str::from_utf8(&self.0).unwrap_or_default();
        write!(f, "…{}", shown.trim_start_matches('\0'))
    }
}

impl Destination {
    /// As Meta is told.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(to) | Self::User(to) | Self::Group(to) => to,
        }
    }

    #[must_use]
    pub fn into_string(self) -> String {
        match self {
            Self::Phone(to) | Self::User(to) | Self::Group(to) => to,
        }
    }

    #[must_use]
    pub fn masked(&self) -> MaskedReceiver {
        let text = self.as_str().as_bytes();
        match text.last_chunk() {
            Some(last) if text.len() > 4 => MaskedReceiver(*last),
            _ => MaskedReceiver([0; 4]),
        }
    }

    /// Keeps the ASCII digits of `text`. `None` if there are none, or more than 20.
    #[must_use]
    pub fn phone(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (1..=20).contains(&digits.len()).then_some(Self::Phone(digits))
    }

    /// Takes `CC.` and up to 128 letters and digits, such as `US.13491208655302741918`.
    #[must_use]
    pub fn user(text: &str) -> Option<Self> {
        let (country, rest) = text.split_once('.')?;
        let is_id = country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=128).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id.then(|| Self::User(text.to_owned()))
    }

    #[must_use]
    pub fn group(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        let is_id = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        is_id.then(|| Self::Group(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Destination;

    #[test]
    fn everything_but_ascii_digits_is_dropped_from_a_phone_number() {
        let digits = Destination::phone;
        let expected = Some(Destination::Phone("15551234567".into()));
        assert_eq!(digits("+1 (555) 123-4567"), expected);
        assert_eq!(digits("١15551234567"), expected);
        assert_eq!(digits("call me"), None);
        assert_eq!(digits(&"1".repeat(21)), None);
        assert!(digits(&"1".repeat(20)).is_some());
    }

    #[test]
    fn a_log_tells_the_last_four_of_a_receiver_and_nothing_of_a_short_one() {
        let shown = |text| Destination::phone(text).unwrap().masked().to_string();
        assert_eq!(shown("15551234567"), "…4567");
        assert_eq!(shown("12345"), "…2345");
        assert_eq!((shown("1234"), shown("1")), ("…".into(), "…".into()));
        let user = Destination::user("US.13491208655302741918").unwrap();
        assert_eq!(user.masked().to_string(), "…1918");
    }

    #[test]
    fn a_user_id_is_a_country_and_letters_or_digits() {
        assert!(Destination::user("US.13491208655302741918").is_some());
        for wrong in ["us.1", "US.", "US1", "USA.1", "US.1.2", "US.a b"] {
            assert!(Destination::user(wrong).is_none(), "{wrong} was taken");
        }
    }
}
