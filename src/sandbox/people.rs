//! How people are known: by phone number, and by the id that Meta never hides.

use sha2::{Digest as _, Sha256};

/// The digits of a phone number, however it is written.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The business-scoped user id of whoever has this number: always the same one, and different
/// people have different ones.
pub(crate) fn user_id(wa_id: &str) -> String {
    let hash = Sha256::digest(wa_id.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("US.{number:020}")
}

#[cfg(test)]
mod tests {
    use super::user_id;

    #[test]
    fn a_person_keeps_one_id_and_shares_it_with_nobody() {
        assert_eq!(user_id("15557654321"), user_id("15557654321"));
        assert_ne!(user_id("15557654321"), user_id("15557654322"));
        assert_eq!(user_id("1").len(), "US.".len() + 20);
    }
}
