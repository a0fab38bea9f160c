//! Attempts that end, as rows.

use std::time::Duration;

use crate::model::{DeliveryAttempt, Timestamp};
use crate::store::{AttemptEnd, AttemptEnding};

/// The later waits of a schedule are hours long: an endpoint that is back must not wait for them.
pub(in crate::store) const LONGEST_SHUT: Duration = Duration::from_secs(30 * 60);

/// What the end of an attempt means for its row.
pub(in crate::store) struct Ended {
    pub(in crate::store) state: &'static str,
    /// Whether it was an attempt at all.
    pub(in crate::store) counts: bool,
    pub(in crate::store) retry_at: Option<i64>,
    pub(in crate::store) delivered_at: Option<i64>,
    pub(in crate::store) ended_at: Option<i64>,
}

impl Ended {
    pub(in crate::store) fn of(end: &AttemptEnd, now: Timestamp) -> Self {
        let now = Some(now.as_millis());
        let pending = Self {
            state: "pending",
            counts: true,
            retry_at: None,
            delivered_at: None,
            ended_at: None,
        };
        match end {
            AttemptEnd::Delivered => {
                Self { state: "delivered", delivered_at: now, ended_at: now, ..pending }
            }
            AttemptEnd::Retry(then) => Self { retry_at: Some(then.as_millis()), ..pending },
            AttemptEnd::Dead => Self { state: "dead", ended_at: now, ..pending },
            AttemptEnd::Disable(_) => pending,
            AttemptEnd::GiveBack => Self { counts: false, ..pending },
        }
    }
}

/// An attempt whose lease was held to its end.
pub(in crate::store) struct EndedAttempt<'a> {
    /// Among those that end with it.
    pub(in crate::store) place: usize,
    pub(in crate::store) ending: &'a AttemptEnding,
    pub(in crate::store) account: String,
    /// Whether its delivery is tried again.
    pub(in crate::store) pending: bool,
}

/// A line of the log.
pub(in crate::store) struct LogRow<'a> {
    pub(in crate::store) account: &'a str,
    pub(in crate::store) delivery: &'a str,
    pub(in crate::store) attempt: &'a DeliveryAttempt,
}

impl<'a> EndedAttempt<'a> {
    /// `None` if nothing was attempted.
    pub(in crate::store) fn log(&'a self) -> Option<LogRow<'a>> {
        let attempt = self.ending.attempt.as_ref()?;
        let delivery = self.ending.delivery.as_str();
        Some(LogRow { account: &self.account, delivery, attempt })
    }
}

impl LogRow<'_> {
    pub(in crate::store) fn status(&self) -> Option<i64> {
        self.attempt.status.map(i64::from)
    }

    /// PostgreSQL cannot hold U+0000, and what an endpoint says may be in here.
    pub(in crate::store) fn error(&self) -> Option<String> {
        self.attempt.error.as_ref().map(|error| error.replace('\0', "\u{fffd}"))
    }
}

/// In the order in which those that end attempts lock deliveries, so that two of them wait for each
/// other in one direction only; each with its place.
pub(in crate::store) fn by_delivery(endings: &[AttemptEnding]) -> Vec<(usize, &AttemptEnding)> {
    let mut endings: Vec<_> = endings.iter().enumerate().collect();
    endings.sort_by_key(|(_, ending)| &ending.delivery);
    endings
}

/// What there is to tell of how endpoints fare: account by account, which is the order in which they
/// are locked, and for each as its attempts ended. That one is well is not told twice in a row.
pub(in crate::store) fn news<'a, 'e>(
    ended: &'a mut [EndedAttempt<'e>],
) -> Vec<&'a EndedAttempt<'e>> {
    ended.sort_by(|a, b| (&a.account, a.place).cmp(&(&b.account, b.place)));
    let made = ended.iter().filter(|one| one.ending.end != AttemptEnd::GiveBack);
    let mut news: Vec<_> = made.collect();
    let well = |one: &EndedAttempt<'_>| one.ending.end == AttemptEnd::Delivered;
    news.dedup_by(|one, before| one.account == before.account && well(one) && well(before));
    news
}

#[cfg(test)]
mod tests {
    use super::{EndedAttempt, by_delivery, news};
    use crate::model::{DeliveryId, Timestamp};
    use crate::store::{AttemptEnd, AttemptEnding};

    #[test]
    fn whoever_ends_attempts_locks_in_one_order_whatever_theirs_was() {
        // One made later has a greater id.
        let ends = [
            (3, AttemptEnd::Delivered),
            (1, AttemptEnd::Dead),
            (2, AttemptEnd::Dead),
            (0, AttemptEnd::Delivered),
        ];
        let endings: Vec<_> = ends.map(|(age, end)| ending(age, end)).into();
        let endings = by_delivery(&endings);
        assert_eq!(endings.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [3, 1, 2, 0]);

        let mut ended: Vec<_> = endings
            .into_iter()
            .zip(["bob", "ada", "bob", "ada"])
            .map(|((place, ending), account)| of(account, place, ending))
            .collect();
        let order = [("ada", 0), ("ada", 1), ("bob", 2), ("bob", 3)];
        assert_eq!(told(&mut ended), order);
    }

    #[test]
    fn that_an_endpoint_is_well_is_told_once_until_it_fails() {
        let (well, failed) = (ending(0, AttemptEnd::Delivered), ending(0, AttemptEnd::Dead));
        let given_back = ending(0, AttemptEnd::GiveBack);
        let ends = [&well, &given_back, &well, &failed, &failed, &well, &well];
        let mut ended: Vec<_> = ends.iter().enumerate().map(|(n, end)| of("ada", n, end)).collect();
        ended.push(of("bob", ends.len(), &well));
        assert_eq!(told(&mut ended), [("ada", 0), ("ada", 3), ("ada", 4), ("ada", 5), ("bob", 7)]);
    }

    fn ending(age: i64, end: AttemptEnd) -> AttemptEnding {
        let delivery = DeliveryId::first_of(Timestamp::from_millis(1_000 * age));
        let at = Timestamp::from_millis(0);
        AttemptEnding { delivery, lease: String::new(), attempt: None, end, at }
    }

    fn of<'a>(account: &str, place: usize, ending: &'a AttemptEnding) -> EndedAttempt<'a> {
        EndedAttempt { place, ending, account: account.to_owned(), pending: false }
    }

    fn told<'a>(ended: &'a mut [EndedAttempt<'_>]) -> Vec<(&'a str, usize)> {
        news(ended).into_iter().map(|one| (one.account.as_str(), one.place)).collect()
    }
}
