//! A moment, in whole milliseconds since 1970, UTC.

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, time};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

/// Milliseconds since 1970-01-01T00:00:00Z; printed and serialised as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub fn from_utc(moment: OffsetDateTime) -> Self {
        let millis = moment.unix_timestamp_nanos() / 1_000_000;
        Self(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// The moment `by` later; the far end of time if there is no such moment.
    #[must_use]
    pub fn plus(self, by: std::time::Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// The moment `by` earlier.
    #[must_use]
    pub fn minus(self, by: std::time::Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long ago `earlier` was; zero, if it is yet to come.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        let millis = self.0.saturating_sub(earlier.0);
        std::time::Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// Reads RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from_utc)
    }

    /// Reads RFC 3339, or a date, which means the last millisecond of that day in UTC.
    ///
    /// # Errors
    /// Says what was expected when `text` is neither.
    pub fn parse_end(text: &str) -> Result<Self, String> {
        if let Some(moment) = Self::parse(text) {
            return Ok(moment);
        }
        let date = Date::parse(text, format_description!("[year]-[month]-[day]"))
            .map_err(|_| "must be RFC 3339 or a date such as 2027-01-31".to_owned())?;
        Ok(Self::from_utc(date.with_time(time!(23:59:59.999)).assume_utc()))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let moment = OffsetDateTime::UNIX_EPOCH
            .checked_add(Duration::milliseconds(self.0))
            .map(|moment| moment.to_offset(UtcOffset::UTC))
            .and_then(|moment| moment.format(format).ok());
        match moment {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_date_means_the_end_of_that_day_in_utc() {
        let end = Timestamp::parse_end("2027-01-31").unwrap();
        assert_eq!(end.to_string(), "2027-01-31T23:59:59.999Z");
    }

    #[test]
    fn an_offset_is_turned_into_utc() {
        let end = Timestamp::parse_end("2027-01-31T01:00:00+05:30").unwrap();
        assert_eq!(end.to_string(), "2027-01-30T19:30:00.000Z");
    }

    #[test]
    fn anything_else_says_what_was_expected() {
        let refused = Timestamp::parse_end("tomorrow").unwrap_err();
        assert_eq!(refused, "must be RFC 3339 or a date such as 2027-01-31");
    }
}
