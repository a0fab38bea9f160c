//! The records of messages, which are written behind the answers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::words::{Each, words};
use super::{list, table};

words! {
    /// Why a record was never written.
    pub Loss as "reason" {
        /// The database was away for so long that no more could wait.
        QueueFull = "queue_full",
        /// The database refused it for good.
        Refused = "refused",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Records {
    lost: Each<Loss, Counter>,
    waiting: Gauge,
}

impl Records {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let records = Self::default();
        list(registry, &table::RECORDS_WAITING, records.waiting.clone());
        list(registry, &table::RECORDS_LOST, records.lost.clone());
        records
    }

    pub fn lost(&self, loss: Loss, count: usize) {
        self.lost.of(loss).inc_by(u64::try_from(count).unwrap_or_default());
    }

    pub fn set_waiting(&self, count: usize) {
        self.waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
