//! The breakers on the way to Graph: one for each number, each host and each account's Meta token.
//!
//! A call needs a [`Permit`], and it is told afterwards how the call went. What that means to each
//! breaker; where nothing stands it means nothing:
//!
//! | | number | host | token |
//! | --- | --- | --- | --- |
//! | a success, or a refusal of Graph's | well | well | well |
//! | 401 with an error of Graph's, or code 190 | well | well | failed |
//! | throttling, a proxy's page, an answer that is none | well | well | |
//! | 5xx | failed | well | |
//! | no answer in time | failed | | |
//! | no connection, or one that broke | failed | failed | |
//! | no descriptor left to connect with | | | |

mod permit;
#[cfg(test)]
mod tests;
mod tokens;
mod verdicts;

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use url::Url;

pub use permit::Permit;

use super::breaker::{Breaker, Change, Rules};
use super::failure::GraphFailure;
use super::{Credentials, MOST_NUMBERS};
use crate::clock::Clock;
use crate::config::BreakerSettings;
use crate::model::GraphId;
use permit::Pass;
use tokens::Tokens;

/// Of more than these the least used are forgotten, which closes them. That holds for the numbers,
/// too.
const MOST_HOSTS: usize = 256;

/// How often the time that a breaker is open can be had in the longest one.
const LONGEST: u32 = 3;

/// How many breakers refuse calls at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenBreakers {
    pub numbers: usize,
    pub hosts: usize,
    pub tokens: usize,
}

#[derive(Debug)]
pub(super) struct Breakers {
    clock: Clock,
    rules: Rules,
    numbers: Cache<GraphId, Arc<Guarded>>,
    /// Where Graph is, and so nearly every call goes.
    graph: (Url, Arc<Guarded>),
    /// Where else the bytes of media come from.
    hosts: Cache<String, Arc<Guarded>>,
    tokens: Tokens,
}

/// A breaker, and what it is the breaker of.
#[derive(Debug)]
struct Guarded {
    breaker: Breaker,
    kind: Kind,
    id: String,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Number,
    Host,
    Token,
}

impl Breakers {
    pub(super) fn new(settings: &BreakerSettings, graph: &Url, clock: Clock) -> Self {
        let open = settings.open.get();
        let longest = open.saturating_mul(LONGEST);
        let rules = Rules { in_a_row: settings.failures, open, longest };
        let host = graph.host_str().unwrap_or_default();
        let guarded = Guarded::new(Kind::Host, host, rules, clock.moment());
        Self {
            clock,
            rules,
            numbers: Cache::new(MOST_NUMBERS),
            graph: (graph.clone(), guarded),
            hosts: Cache::new(MOST_HOSTS),
            tokens: Tokens::new(settings.token_open.get()),
        }
    }

    /// For a call to Graph, in the name of a number if it goes out from one.
    pub(super) fn admit(
        &self,
        credentials: Credentials<'_>,
        number: Option<&GraphId>,
    ) -> Result<Permit, GraphFailure> {
        let now = self.clock.moment();
        let number = number.map(|id| {
            known_or(&self.numbers, id, || Guarded::new(Kind::Number, id.as_str(), self.rules, now))
        });
        Ok(Permit {
            token: self.tokens.admit(credentials, now)?,
            host: Pass::through(&self.graph.1, now)?,
            number: number.map(|number| Pass::through(&number, now)).transpose()?,
        })
    }

    /// For the bytes of a media, wherever they are. Its look-up, a moment ago, has tried the token.
    pub(super) fn admit_to(&self, url: &Url) -> Result<Permit, GraphFailure> {
        let now = self.clock.moment();
        let (graph, guarded) = &self.graph;
        let host = if place(url) == place(graph) {
            Arc::clone(guarded)
        } else {
            let host = url.host_str().unwrap_or_default();
            known_or(&self.hosts, host, || Guarded::new(Kind::Host, host, self.rules, now))
        };
        Ok(Permit { token: None, host: Pass::through(&host, now)?, number: None })
    }

    /// Takes in how a call went that was permitted.
    pub(super) fn settle(
        &self,
        permit: Permit,
        credentials: Credentials<'_>,
        failure: Option<&GraphFailure>,
    ) {
        let now = self.clock.moment();
        let Permit { token, host, number } = permit;
        if let Some(number) = number {
            number.note(verdicts::on_number(failure), now);
        }
        host.note(verdicts::on_host(failure), now);
        self.tokens.settle(token, credentials, verdicts::on_token(failure), now);
    }

    pub(super) fn open(&self) -> OpenBreakers {
        let now = self.clock.moment();
        let refuses = |guarded: &Guarded| guarded.breaker.refuses(now);
        let media = self.hosts.iter().filter(|(_, host)| refuses(host)).count();
        OpenBreakers {
            numbers: self.numbers.iter().filter(|(_, number)| refuses(number)).count(),
            hosts: media + usize::from(refuses(&self.graph.1)),
            tokens: self.tokens.open(now),
        }
    }
}

impl Guarded {
    fn new(kind: Kind, id: &str, rules: Rules, now: Instant) -> Arc<Self> {
        Arc::new(Self { breaker: Breaker::new(rules, now), kind, id: id.to_owned() })
    }

    /// One line when it opens and one when it closes; what it refuses in between is no news.
    fn tell(&self, change: Option<Change>) {
        let (kind, id) = (self.kind.name(), self.id.as_str());
        match change {
            Some(Change::Opened) => tracing::warn!(kind, id, "a breaker opened"),
            Some(Change::Closed) => tracing::warn!(kind, id, "a breaker closed"),
            None => {}
        }
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Host => "host",
            Self::Token => "token",
        }
    }

    /// What a caller is told who is refused.
    const fn refusal(self) -> &'static str {
        match self {
            Self::Number => "WhatsApp keeps failing for this number; try again later",
            Self::Host => "WhatsApp cannot be reached; try again later",
            Self::Token => "WhatsApp refuses this account's access; try again later",
        }
    }
}

fn place(url: &Url) -> (Option<&str>, Option<u16>) {
    (url.host_str(), url.port_or_known_default())
}

fn known_or<K, Q>(
    cache: &Cache<K, Arc<Guarded>>,
    key: &Q,
    new: impl FnOnce() -> Arc<Guarded>,
) -> Arc<Guarded>
where
    K: Eq + Hash,
    Q: Hash + Equivalent<K> + ToOwned<Owned = K> + ?Sized,
{
    let known = cache.get_or_insert_with(key, || Ok::<_, Infallible>(new()));
    known.unwrap_or_else(|never| match never {})
}
