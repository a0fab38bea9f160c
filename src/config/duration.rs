//! A length of time as people write it in a setting.

use std::str::FromStr;
use std::time::Duration;

/// Reads `25s`, `500ms`, `2m`, `1h 30m`; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(Duration);

impl Period {
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let duration = humantime::parse_duration(text)
            .map_err(|_| "must be a length of time such as 25s, 500ms or 2m".to_owned())?;
        if duration.is_zero() {
            return Err("must be longer than nothing".to_owned());
        }
        Ok(Self(duration))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Period;

    #[test]
    fn periods_are_read_with_their_unit() {
        let read = |text: &str| text.parse::<Period>().map(Period::get);
        assert_eq!(read("25s"), Ok(Duration::from_secs(25)));
        assert_eq!(read("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(read("2m"), Ok(Duration::from_secs(120)));
    }

    #[test]
    fn a_bare_number_or_nothing_at_all_is_refused() {
        assert!("25".parse::<Period>().is_err());
        assert!("".parse::<Period>().is_err());
        assert!("0s".parse::<Period>().is_err());
    }
}
