//! An id of Meta's, fit to stand in a Graph path.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// 1 to 128 of `[A-Za-z0-9_-]`, with at least one digit: a value of this type can never be
/// a word that Graph understands by itself, such as `me`, nor leave its path segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphId(Arc<str>);

impl GraphId {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let is_id = (1..=128).contains(&text.len())
            && text.bytes().all(allowed)
            && text.bytes().any(|byte| byte.is_ascii_digit());
        is_id.then(|| Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for GraphId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| {
            "must be an id of Meta's: 1 to 128 letters, digits, _ or -, with a digit".to_owned()
        })
    }
}

impl std::fmt::Display for GraphId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for GraphId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::GraphId;

    #[test]
    fn words_and_paths_are_not_ids() {
        for hostile in ["", "me", "search", "../me", "1/2", "1?x", "1%2f", "1 ", "é1", "1\0"] {
            assert!(GraphId::parse(hostile).is_none(), "{hostile:?} was taken for an id");
        }
        assert!(GraphId::parse(&"1".repeat(129)).is_none());
    }

    #[test]
    fn metas_ids_pass() {
        for id in ["106540352242922", "4a-B_9", &"1".repeat(128)] {
            assert_eq!(GraphId::parse(id).unwrap().as_str(), id);
        }
    }
}
