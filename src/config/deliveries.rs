//! How patiently customers are told what happened.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::Period;

/// Meta itself gives up after seven days.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_ATTEMPTS: usize = 50;

#[derive(Args, Clone, Debug)]
pub struct DeliverySettings {
    /// The waits before each attempt to deliver a webhook; there are as many attempts as waits,
    /// and the first is made at once
    #[arg(
        id = "webhook-retry-schedule",
        long = "webhook-retry-schedule",
        env = "AVENPING_WEBHOOK_RETRY_SCHEDULE",
        default_value = "0s,5s,5m,30m,2h,5h,10h,14h,20h,24h",
        value_name = "PERIODS"
    )]
    pub retry_schedule: RetrySchedule,

    /// The least wait after an endpoint was overloaded or did not answer in time
    #[arg(
        id = "webhook-slow-retry",
        long = "webhook-slow-retry",
        env = "AVENPING_WEBHOOK_SLOW_RETRY",
        default_value = "60s",
        value_name = "PERIOD"
    )]
    pub slow_retry: Period,

    /// How long a claimed delivery is out of reach of other nodes
    #[arg(
        id = "webhook-lease",
        long = "webhook-lease",
        env = "AVENPING_WEBHOOK_LEASE",
        default_value = "60s",
        value_name = "PERIOD"
    )]
    pub lease: Period,

    /// How long connecting to an endpoint may take, TLS included
    #[arg(
        id = "webhook-connect-timeout",
        long = "webhook-connect-timeout",
        env = "AVENPING_WEBHOOK_CONNECT_TIMEOUT",
        default_value = "5s",
        value_name = "PERIOD"
    )]
    pub connect_timeout: Period,

    /// How long an attempt to deliver a webhook may take in all
    #[arg(
        id = "webhook-timeout",
        long = "webhook-timeout",
        env = "AVENPING_WEBHOOK_TIMEOUT",
        default_value = "15s",
        value_name = "PERIOD"
    )]
    pub timeout: Period,
}

/// The waits before each attempt, the first one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl RetrySchedule {
    /// The wait before attempt `attempts + 1`; `None` when there is none.
    #[must_use]
    pub fn wait_after(&self, attempts: u32) -> Option<Duration> {
        self.0.get(usize::try_from(attempts).ok()?).copied()
    }

    /// How many attempts a delivery has.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.0.len()
    }
}

impl FromStr for RetrySchedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || "must be waits such as 0s,5s,5m,30m,2h: one for each attempt".to_owned();
        let waits = text.split(',').map(|wait| humantime::parse_duration(wait.trim()));
        let waits = waits.collect::<Result<Vec<_>, _>>().map_err(|_| fault())?;
        if waits.len() > MOST_ATTEMPTS {
            return Err(format!("must have at most {MOST_ATTEMPTS} waits"));
        }
        if waits.iter().any(|wait| *wait > LONGEST_WAIT) {
            return Err("must have no wait above 7 days".to_owned());
        }
        Ok(Self(waits))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetrySchedule;

    #[test]
    fn a_schedule_has_a_wait_for_each_attempt() {
        let schedule: RetrySchedule = "0s, 5s,5m".parse().unwrap();
        assert_eq!(schedule.attempts(), 3);
        assert_eq!(schedule.wait_after(1), Some(Duration::from_secs(5)));
        assert_eq!(schedule.wait_after(2), Some(Duration::from_secs(300)));
        assert_eq!(schedule.wait_after(3), None);
        assert_eq!(schedule.wait_after(u32::MAX), None);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let long = vec!["1s"; 51].join(",");
        for wrong in ["", "5", "0s,,5s", "0s,soon", "0s,8days", "-5s", &long] {
            assert!(wrong.parse::<RetrySchedule>().is_err(), "{wrong} was taken");
        }
    }
}
