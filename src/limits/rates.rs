//! How often who may call.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::bucket::{Level, Quota};
use super::buckets::Buckets;
use crate::clock::Clock;
use crate::config::LimitSettings;
use crate::metrics::{Policy, Refusals};
use crate::model::{Account, AccountId, GraphId, Rate, RateLimit};

/// The buckets of this node, and its part of each rate.
#[derive(Debug)]
pub struct Rates {
    accounts: Buckets<AccountId>,
    numbers: Buckets<GraphId>,
    addresses: Buckets<IpAddr>,
    of_account: RateLimit,
    of_number: RateLimit,
    of_failed_auth: RateLimit,
    nodes: AtomicU32,
    clock: Clock,
    begun: Instant,
    refusals: Refusals,
}

/// A request that was counted, and how that left the bucket.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// What was counted: `account` or `number`.
    pub policy: &'static str,
    pub rate: Rate,
    pub allowed: bool,
    /// Requests that may follow at once, on this node.
    pub left: u64,
    /// Until there is one more of them.
    pub next: Duration,
}

impl Rates {
    pub(super) fn new(settings: &LimitSettings, clock: Clock, refusals: Refusals) -> Self {
        Self {
            accounts: Buckets::new(),
            numbers: Buckets::new(),
            addresses: Buckets::new(),
            of_account: settings.account_rate,
            of_number: settings.number_rate,
            of_failed_auth: settings.failed_auth_rate,
            nodes: AtomicU32::new(1),
            begun: clock.moment(),
            clock,
            refusals,
        }
    }

    /// Counts a request of the account; `None` if nothing limits it.
    pub fn count_account(&self, account: &Account) -> Option<Counted> {
        let rate = account.rate_limits.account.unwrap_or(self.of_account).rate()?;
        let level = self.accounts.take(&account.id, self.part(rate), self.now());
        Some(self.counted(Policy::Account, rate, level))
    }

    /// Counts a request to send from one of the account's numbers; `None` if nothing limits it.
    /// Two accounts that have the same number share its bucket, as they do at Meta.
    pub fn count_number(&self, account: &Account, number: &GraphId) -> Option<Counted> {
        let rate = account.rate_limits.number.unwrap_or(self.of_number).rate()?;
        let level = self.numbers.take(number, self.part(rate), self.now());
        Some(self.counted(Policy::Number, rate, level))
    }

    /// Whether a token from this address may still be asked about.
    ///
    /// # Errors
    /// How long to wait, when too many were wrong.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Duration> {
        let Some(rate) = self.of_failed_auth.rate() else { return Ok(()) };
        let level = self.addresses.look(&neighbourhood(address), self.part(rate), self.now());
        self.judged(level)
    }

    /// Counts a wrong token from this address.
    ///
    /// # Errors
    /// How long to wait, when too many were wrong.
    pub fn count_failure(&self, address: IpAddr) -> Result<(), Duration> {
        let Some(rate) = self.of_failed_auth.rate() else { return Ok(()) };
        let level = self.addresses.take(&neighbourhood(address), self.part(rate), self.now());
        self.judged(level)
    }

    /// From now on each rate is shared by so many.
    pub fn share_among(&self, nodes: u32) {
        self.nodes.store(nodes, Ordering::Relaxed);
    }

    /// How many share each rate.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    pub(super) fn forget_idle(&self) {
        let now = self.now();
        self.accounts.forget_full(now);
        self.numbers.forget_full(now);
        self.addresses.forget_full(now);
    }

    fn counted(&self, policy: Policy, rate: Rate, level: Level) -> Counted {
        let Level { allowed, left, next } = level;
        if !allowed {
            self.refusals.limited(policy);
        }
        Counted { policy: policy.name(), rate, allowed, left, next }
    }

    fn judged(&self, of_address: Level) -> Result<(), Duration> {
        if of_address.allowed {
            return Ok(());
        }
        self.refusals.limited(Policy::Address);
        Err(of_address.next)
    }

    fn part(&self, rate: Rate) -> Quota {
        Quota::of(rate, self.nodes())
    }

    fn now(&self) -> u64 {
        let passed = self.clock.moment().saturating_duration_since(self.begun);
        u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Who has one address of an IPv6 network has all of it.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            Ipv6Addr::from_bits(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::neighbourhood;

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_client() {
        let of = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
