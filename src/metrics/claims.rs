//! Sends under an `Idempotency-Key`.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::words::{Each, words};
use super::{list, table};

words! {
    /// What a key was found to be.
    pub Claim as "result" {
        /// Free: this request sends.
        Won = "won",
        /// It has its answer, which is given again.
        Replayed = "replayed",
        /// Another request runs under it.
        InProgress = "in_progress",
        /// It stands for another request.
        Reused = "reused",
        /// Nobody knows whether what was sent under it has arrived.
        Unknown = "unknown",
        /// It was unknown, until a status of Meta's told.
        Resolved = "resolved",
        /// It is free, but a breaker is open: nothing was claimed, and nothing sent.
        HeldBack = "held_back",
        /// The database did not say: nothing was sent.
        Failed = "failed",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Claims(Each<Claim, Counter>);

impl Claims {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let claims = Self::default();
        list(registry, &table::CLAIMS, claims.0.clone());
        claims
    }

    pub fn found(&self, claim: Claim) {
        self.0.of(claim).inc();
    }
}
