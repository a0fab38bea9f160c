//! Look-ups of API tokens.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::words::{Each, words};
use super::{list, table};

words! {
    /// Who knew whose token it is.
    pub Lookup as "result" {
        /// The cache.
        Hit = "hit",
        /// The database had to be asked.
        Miss = "miss",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Tokens(Each<Lookup, Counter>);

impl Tokens {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let tokens = Self::default();
        list(registry, &table::TOKENS, tokens.0.clone());
        tokens
    }

    pub fn looked_up(&self, lookup: Lookup) {
        self.0.of(lookup).inc();
    }
}
