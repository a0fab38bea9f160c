//! A version of the Graph API, as it stands in a path.

use std::fmt;

/// `v<digits>.<digits>` without needless zeros, such as `v23.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphVersion {
    major: u16,
    minor: u16,
}

impl GraphVersion {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

fn number(text: &str) -> Option<u16> {
    let digits_only = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = digits_only && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok())?
}

impl std::str::FromStr for GraphVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| "must look like v23.0".to_owned())
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::GraphVersion;

    #[test]
    fn a_version_comes_out_as_it_went_in() {
        for text in ["v23.0", "v0.1", "v17.10"] {
            assert_eq!(GraphVersion::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_version() {
        for text in
            ["v23", "23.0", "v23.", "v.0", "V23.0", "v23.0.1", "v+1.0", "v023.0", "v70000.0"]
        {
            assert!(GraphVersion::parse(text).is_none(), "{text} was taken");
        }
    }
}
