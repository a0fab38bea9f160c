//! Requests that are turned away because there are too many.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::words::{Each, Word as _, words};
use super::{list, table};

words! {
    /// What kind of request found no place.
    pub Shed as "class" {
        Call = "call",
        /// A file on its way.
        Media = "media",
        /// A post of Meta's.
        Inbound = "inbound",
    }
}

words! {
    /// Whose limit was reached.
    pub Policy as "policy" {
        Account = "account",
        Number = "number",
        /// An address that shows wrong tokens.
        Address = "address",
    }
}

impl Policy {
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Refusals {
    shed: Each<Shed, Counter>,
    limited: Each<Policy, Counter>,
}

impl Refusals {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let refusals = Self::default();
        list(registry, &table::SHED, refusals.shed.clone());
        list(registry, &table::LIMITED, refusals.limited.clone());
        refusals
    }

    pub fn shed(&self, what: Shed) {
        self.shed.of(what).inc();
    }

    pub fn limited(&self, policy: Policy) {
        self.limited.of(policy).inc();
    }
}
