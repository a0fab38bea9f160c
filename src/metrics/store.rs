//! The database, as the gateway finds it.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::latency::Latency;
use super::words::{Each, words};
use super::{list, table};

words! {
    /// What the database is asked for. What callers wait for stands by itself.
    pub Operation as "operation" {
        /// Whose token is it?
        Authenticate = "authenticate",
        /// An `Idempotency-Key`.
        ClaimSend = "claim_send",
        /// How a send under a key ended.
        EndSend = "end_send",
        /// The records of messages, behind the answers.
        RecordMessages = "record_messages",
        /// Whom does a change of Meta's concern?
        RouteInbound = "route_inbound",
        /// Posts of Meta's.
        TakeIn = "take_in",
        ClaimDeliveries = "claim_deliveries",
        EndAttempt = "end_attempt",
        /// Anything else that is looked up.
        Read = "read",
        /// Anything else that is written.
        Write = "write",
        /// What nobody waits for: checks, deletions.
        Upkeep = "upkeep",
    }
}

words! {
    /// Why it failed.
    pub Fault as "kind" {
        /// Away, full or too slow: it may pass.
        Unavailable = "unavailable",
        /// It refused: that will not pass by itself.
        Refused = "refused",
        /// A sealed value does not open.
        Sealed = "sealed",
        /// The schema is not the one that this version needs.
        Schema = "schema",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Operations {
    took: Each<Operation, Latency>,
    faults: Each<Fault, Counter>,
}

impl Operations {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let operations = Self::default();
        list(registry, &table::STORE_TIME, operations.took.clone());
        list(registry, &table::STORE_FAULTS, operations.faults.clone());
        operations
    }

    pub fn ended(&self, operation: Operation, took: Duration, fault: Option<Fault>) {
        self.took.of(operation).observe(took);
        if let Some(fault) = fault {
            self.faults.of(fault).inc();
        }
    }
}
