//! The token a caller shows: its format, and the digest that stands for it in the store.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Timestamp;

const PREFIX: &str = "avp_live_";
const RANDOM_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What an imported token must have at least. Shorter ones could be guessed.
const LEGACY_MIN_CHARS: usize = 16;
/// A longer one cannot be a token; hashing it would only be work for an attacker.
const MAX_CHARS: usize = 512;

/// A token that has the right form. Whether it is known, only the store can say.
#[derive(Clone, Debug)]
pub struct ApiToken(SecretString);

/// SHA-256 of a token. The store never sees the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

/// The last four characters of a token, for people who look for one of several tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFour([u8; 4]);

/// A token as the store takes it in.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub digest: TokenDigest,
    /// See [`LastFour`].
    pub last_four: String,
    pub created_at: Timestamp,
}

impl ApiToken {
    /// Makes a token: `avp_live_`, 32 random base62 characters, and a checksum of both.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut token = Zeroizing::new(String::with_capacity(64));
        token.push_str(PREFIX);
        let mut bytes = Zeroizing::new([0_u8; 64]);
        while token.len() < PREFIX.len() + RANDOM_CHARS {
            getrandom::fill(&mut bytes[..])?;
            // Bytes from 248 up would favour the first characters of the alphabet.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let missing = PREFIX.len() + RANDOM_CHARS - token.len();
            token.extend(fair.take(missing).map(|byte| base62(u32::from(*byte))));
        }
        let check = checksum(&token);
        token.push_str(&check);
        Ok(Self(SecretString::from(token.as_str())))
    }

    /// Takes our own tokens if the checksum is right, and imported ones as they are. `None`
    /// means that no look-up is needed: nobody can hold such a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_CHARS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if let Some(body) = text.strip_prefix(PREFIX) {
            if body.len() != RANDOM_CHARS + CHECK_CHARS {
                return None;
            }
            let (unchecked, check) = text.split_at_checked(text.len() - CHECK_CHARS)?;
            return (checksum(unchecked) == check).then(|| Self(text.into()));
        }
        (text.len() >= LEGACY_MIN_CHARS).then(|| Self(text.into()))
    }

    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }

    /// The token itself, to be shown once to the person it was made for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    #[must_use]
    pub fn to_store(&self, created_at: Timestamp) -> NewApiToken {
        let last_four = self.last_four().as_str().to_owned();
        NewApiToken { digest: self.digest(), last_four, created_at }
    }

    #[must_use]
    pub fn last_four(&self) -> LastFour {
        let bytes = self.0.expose_secret().as_bytes();
        LastFour(bytes.last_chunk().copied().unwrap_or_default())
    }
}

impl LastFour {
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl TokenDigest {
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut check = ['0'; CHECK_CHARS];
    for place in check.iter_mut().rev() {
        *place = base62(rest % 62);
        rest /= 62;
    }
    check.iter().collect()
}

fn base62(value: u32) -> char {
    BASE62.get((value % 62) as usize).map_or('0', |byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::ApiToken;

    #[test]
    fn a_fresh_token_is_taken_and_looks_as_promised() {
        let token = ApiToken::generate().unwrap();
        let text = token.reveal();
        assert_eq!(text.len(), "avp_live_".len() + 38);
        let back = ApiToken::parse(text).expect("its own checksum is right");
        assert_eq!(back.digest(), token.digest());
        assert!(text.ends_with(back.last_four().as_str()));
    }

    #[test]
    fn a_mistyped_token_is_refused_by_its_checksum() {
        let token = ApiToken::generate().unwrap();
        let mut typo = token.reveal().to_owned();
        let flipped = if typo.as_bytes()[12] == b'x' { "y" } else { "x" };
        typo.replace_range(12..13, flipped);
        assert!(ApiToken::parse(&typo).is_none());
        assert!(ApiToken::parse("avp_live_short").is_none());
    }

    #[test]
    fn imported_tokens_are_opaque_and_at_least_sixteen_characters() {
        assert!(ApiToken::parse("0123456789abcdef").is_some());
        assert!(ApiToken::parse("0123456789abcde").is_none());
        assert!(ApiToken::parse("0123456789 abcdef").is_none());
        assert!(ApiToken::parse(&"a".repeat(513)).is_none());
    }

    #[test]
    fn a_token_does_not_print_itself() {
        let token = ApiToken::parse("0123456789abcdef").unwrap();
        assert!(!format!("{token:?}").contains("0123456789abcdef"));
    }
}
