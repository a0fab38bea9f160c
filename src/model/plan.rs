//! What an account has subscribed to.

use super::Timestamp;

/// One subscription. Add-ons stand beside the primary plan and open no doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: String,
    pub add_on: bool,
    /// `None` when the end is missing or could not be read, which counts as expired.
    pub ends_at: Option<Timestamp>,
}

impl Plan {
    /// A plan is still active at the very moment it ends.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| now <= end)
    }

    #[must_use]
    pub fn allows_api(&self) -> bool {
        ["premium", "enterprise"].iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Timestamp};

    fn plan(name: &str, ends_at: Option<i64>) -> Plan {
        Plan { name: name.into(), add_on: false, ends_at: ends_at.map(Timestamp::from_millis) }
    }

    #[test]
    fn a_plan_is_active_up_to_and_including_its_end() {
        let ending = plan("Premium", Some(1_000));
        assert!(ending.is_active(Timestamp::from_millis(1_000)));
        assert!(!ending.is_active(Timestamp::from_millis(1_001)));
    }

    #[test]
    fn a_plan_without_an_end_has_expired() {
        assert!(!plan("Premium", None).is_active(Timestamp::from_millis(0)));
    }

    #[test]
    fn only_premium_and_enterprise_open_the_api_in_any_letter_case() {
        assert!(plan("PREMIUM", None).allows_api());
        assert!(plan("enterprise", None).allows_api());
        assert!(!plan("Premium Plus", None).allows_api());
        assert!(!plan("Basic", None).allows_api());
    }
}
