//! What is counted and measured, for whoever is on call.
//!
//! Every metric is a line of [`table`], with what it means; `docs/operations/metrics.md` says what
//! to do when it moves. A registry belongs to one gateway, so that several may run in one process.
//! Labels come from closed sets alone: never a path, an id, a number or a tenant.
//!
//! A send pays a handful of relaxed atomics. What counts it was looked up beforehand: when the
//! router was built, or when the first one came. To add a metric: a line of the table, a field of
//! the part that it belongs to, and its row in the documentation.

mod claims;
mod deliveries;
mod gauge;
mod inbound;
mod latency;
mod meta_code;
mod process;
mod records;
mod refusals;
mod requests;
mod store;
pub mod table;
mod tokens;
mod upstream;
mod words;

use prometheus_client::encoding::text;
use prometheus_client::registry::{self, Registry};

pub use claims::{Claim, Claims};
pub use deliveries::{AttemptEnd, Deliveries};
pub use inbound::{ArrivalKind, Inbound, PostEnd};
pub use latency::Latency;
pub use process::{Process, Vitals};
pub use records::{Loss, Records};
pub use refusals::{Policy, Refusals, Shed};
pub use requests::{Ongoing, PathRequests, Requests};
pub use store::{Fault, Operation, Operations};
pub use tokens::{Lookup, Tokens};
pub use upstream::{BreakerKind, Call, CallEnd, CallKind, Upstream};

use crate::model::Timestamp;
use table::Row;

/// All metrics of one gateway. Each part is a handle: clones count together.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub requests: Requests,
    pub refusals: Refusals,
    pub upstream: Upstream,
    pub tokens: Tokens,
    pub claims: Claims,
    pub records: Records,
    pub inbound: Inbound,
    pub deliveries: Deliveries,
    pub store: Operations,
    pub process: Process,
}

impl Metrics {
    /// Begins with nothing counted, for a gateway that started at `started`.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::default();
        Self {
            requests: Requests::listed(&mut registry),
            refusals: Refusals::listed(&mut registry),
            upstream: Upstream::listed(&mut registry),
            tokens: Tokens::listed(&mut registry),
            claims: Claims::listed(&mut registry),
            records: Records::listed(&mut registry),
            inbound: Inbound::listed(&mut registry),
            deliveries: Deliveries::listed(&mut registry),
            store: Operations::listed(&mut registry),
            process: Process::listed(&mut registry, started),
            registry,
        }
    }

    /// Everything, in the text format of OpenMetrics.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A String takes whatever is written to it.
        text::encode(&mut text, &self.registry).unwrap_or_default();
        text
    }
}

/// Puts a metric on the list that is handed out, under its name in the table.
fn list(registry: &mut Registry, row: &Row, metric: impl registry::Metric) {
    registry.register(row.name, row.help, metric);
}

#[cfg(test)]
mod tests;
