//! How many requests there may be in how much time.

use std::fmt;
use std::str::FromStr;

const MOST: u32 = 1_000_000;
const LONGEST: u32 = 24 * 60 * 60;

/// So many requests in so many seconds, written like `3000/60s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    quota: u32,
    seconds: u32,
}

/// Whether there is a limit, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    Off,
    At(Rate),
}

/// The limits of an account's own; `None` is what holds for all accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRateLimits {
    /// For all requests of the account.
    pub account: Option<RateLimit>,
    /// For what each of its phone numbers sends.
    pub number: Option<RateLimit>,
}

impl Rate {
    /// At least one request in at least one second.
    #[must_use]
    pub const fn of(quota: u32, seconds: u32) -> Self {
        let quota = if quota == 0 { 1 } else { quota };
        let seconds = if seconds == 0 { 1 } else { seconds };
        Self { quota, seconds }
    }

    #[must_use]
    pub const fn quota(self) -> u32 {
        self.quota
    }

    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.seconds
    }
}

impl RateLimit {
    #[must_use]
    pub fn rate(self) -> Option<Rate> {
        match self {
            Self::Off => None,
            Self::At(rate) => Some(rate),
        }
    }
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || "must be off, or requests in a time, such as 3000/60s".to_owned();
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        let (quota, period) = text.split_once('/').ok_or_else(form)?;
        let quota = quota.trim().parse().map_err(|_| form())?;
        if !(1..=MOST).contains(&quota) {
            return Err(format!("must allow 1 to {MOST} requests"));
        }
        let period = humantime::parse_duration(period.trim()).map_err(|_| form())?;
        let seconds = u32::try_from(period.as_secs()).unwrap_or(u32::MAX);
        if period.subsec_nanos() > 0 || !(1..=LONGEST).contains(&seconds) {
            return Err("must be for whole seconds, from 1s to 24h".to_owned());
        }
        Ok(Self::At(Rate { quota, seconds }))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.quota, self.seconds)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(rate) => rate.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RateLimit;

    #[test]
    fn a_limit_is_read_as_it_is_written() {
        for (text, canonical) in [
            ("3000/60s", "3000/60s"),
            ("80/1s", "80/1s"),
            ("5 / 1m", "5/60s"),
            ("1000000/24h", "1000000/86400s"),
            ("OFF", "off"),
        ] {
            let limit: RateLimit = text.parse().unwrap();
            assert_eq!(limit.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(limit));
        }
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for odd in ["", "on", "60", "0/60s", "5/0s", "5/500ms", "5/25h", "1000001/1s", "-1/1s"] {
            assert!(odd.parse::<RateLimit>().is_err(), "{odd} was taken");
        }
    }
}
