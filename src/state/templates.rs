//! What is known of templates, so that a send that cannot succeed is told so at once.
//!
//! Nobody ever waits for it, and nothing is refused for what is not known. It is kept for ten
//! minutes; an edit or a deletion through this gateway ends it at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::Caller;
use crate::clock::Clock;
use crate::config::{Switch, TemplateSettings};
use crate::graph::{Errand, Graph, GraphError, GraphFailure, KnownTemplate, TemplateRow};
use crate::model::{AccountId, GraphId, Timestamp, is_template_name};

const MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// How long what Graph said a moment ago is good enough: it is not asked again behind a send, and
/// what was learned is not doubted because it refuses one.
const PAUSE: Duration = Duration::from_secs(60);
const USUAL_TEMPLATES: usize = 4_096;
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// Shared by all requests.
pub struct Templates {
    check: bool,
    clock: Clock,
    cache: Cache<Key, Remembered, Weight>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    account: AccountId,
    waba: GraphId,
    name: String,
}

/// A [`Key`] that is only looked up.
#[derive(Hash)]
struct Sought<'a> {
    account: &'a AccountId,
    waba: &'a GraphId,
    name: &'a str,
}

#[derive(Clone, Default)]
struct Remembered {
    learned: Option<(Timestamp, Arc<KnownTemplate>)>,
    /// When Graph was last asked behind a send.
    asked: Option<Timestamp>,
}

#[derive(Clone)]
struct Weight;

impl Templates {
    #[must_use]
    pub fn new(settings: &TemplateSettings, clock: Clock) -> Self {
        let cache = Cache::with_weighter(USUAL_TEMPLATES, MOST_BYTES, Weight);
        Self { check: settings.check == Switch::On, clock, cache }
    }

    /// What is known of the templates of this name; none if that is too old, or nothing.
    #[must_use]
    pub fn known(&self, caller: &Caller, name: &str) -> Option<Arc<KnownTemplate>> {
        self.learned(caller, name).map(|(_, known)| known)
    }

    /// A send was refused for what is known: unless that was learned just now, it is looked at
    /// anew, for the template may have been changed elsewhere.
    pub fn take_fault(&self, caller: &Caller, name: &str) {
        let learned = self.learned(caller, name);
        if learned.is_some_and(|(since, _)| since.plus(PAUSE) <= self.clock.now()) {
            self.doubt(caller, name);
        }
    }

    /// All templates of a name, as Graph has them now; and they are known from here on.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn look_up(
        &self,
        graph: &Graph,
        caller: &Caller,
        errand: Errand,
        name: &str,
    ) -> Result<Vec<TemplateRow>, GraphFailure> {
        let rows = graph.templates_named(caller.credentials(errand), &caller.waba_id, name).await?;
        self.learn(caller, name, || KnownTemplate::whole(&rows.iter().collect::<Vec<_>>()));
        Ok(rows)
    }

    /// Takes in a page of the account's list; `all` says that the list has no other.
    pub fn learn_page(&self, caller: &Caller, rows: impl FnOnce() -> Vec<TemplateRow>, all: bool) {
        if !self.check {
            return;
        }
        let rows = rows();
        let mut names = HashMap::<&str, Vec<&TemplateRow>>::new();
        for row in &rows {
            names.entry(&row.name).or_default().push(row);
        }
        for (name, rows) in names {
            if all {
                self.learn(caller, name, || KnownTemplate::whole(&rows));
            } else if self.known(caller, name).is_none_or(|known| !known.is_whole()) {
                self.learn(caller, name, || KnownTemplate::part(&rows));
            }
        }
    }

    /// What Graph said to a send may show that what is known is out of date.
    pub fn take_refusal(&self, caller: &Caller, name: &str, error: &GraphError) {
        if matches!(error.code, Some(132_000 | 132_001 | 132_012)) {
            self.doubt(caller, name);
        }
    }

    /// Whether to look the template up behind a send: it is not known, and Graph was not asked a
    /// moment ago. Whoever is told so is expected to ask.
    #[must_use]
    pub fn wants_look_up(&self, caller: &Caller, name: &str) -> bool {
        if !self.check || !is_template_name(name) || self.known(caller, name).is_some() {
            return false;
        }
        let now = self.clock.now();
        let last = self.remembered(caller, name).and_then(|remembered| remembered.asked);
        if last.is_some_and(|asked| now < asked.plus(PAUSE)) {
            return false;
        }
        self.keep(caller, name, Remembered { learned: None, asked: Some(now) });
        true
    }

    /// The template was changed or deleted: what was known of it counts no more.
    pub fn forget(&self, caller: &Caller, name: &str) {
        self.cache.remove(&Sought::of(caller, name));
    }

    fn doubt(&self, caller: &Caller, name: &str) {
        if let Some(remembered) = self.remembered(caller, name) {
            self.keep(caller, name, Remembered { learned: None, ..remembered });
        }
    }

    fn learn(&self, caller: &Caller, name: &str, known: impl FnOnce() -> KnownTemplate) {
        if !self.check {
            return;
        }
        let known = known();
        if !known.is_empty() {
            let asked = self.remembered(caller, name).and_then(|remembered| remembered.asked);
            let learned = Some((self.clock.now(), Arc::new(known)));
            self.keep(caller, name, Remembered { learned, asked });
        }
    }

    fn learned(&self, caller: &Caller, name: &str) -> Option<(Timestamp, Arc<KnownTemplate>)> {
        let learned = self.remembered(caller, name)?.learned;
        learned.filter(|(since, _)| self.clock.now() < since.plus(MAX_AGE))
    }

    fn remembered(&self, caller: &Caller, name: &str) -> Option<Remembered> {
        self.cache.get(&Sought::of(caller, name))
    }

    fn keep(&self, caller: &Caller, name: &str, remembered: Remembered) {
        let (account, waba) = (caller.account.id.clone(), caller.waba_id.clone());
        self.cache.insert(Key { account, waba, name: name.to_owned() }, remembered);
    }
}

impl<'a> Sought<'a> {
    fn of(caller: &'a Caller, name: &'a str) -> Self {
        Self { account: &caller.account.id, waba: &caller.waba_id, name }
    }
}

impl Equivalent<Key> for Sought<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        let Key { account, waba, name } = key;
        self.account == account && self.waba == waba && self.name == name
    }
}

impl Weighter<Key, Remembered> for Weight {
    fn weight(&self, key: &Key, remembered: &Remembered) -> u64 {
        let known = remembered.learned.as_ref().map_or(0, |(_, known)| known.size());
        let whole = size_of::<(Key, Remembered)>() + key.account.as_str().len() + key.name.len();
        u64::try_from(whole + known).unwrap_or(u64::MAX)
    }
}
