//! The process itself.

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::gauge::{Known, float};
use super::{list, table};
use crate::model::Timestamp;

/// What a process has of the machine; what is `None` the system did not say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vitals {
    pub resident_bytes: Option<u64>,
    pub open_descriptors: Option<u64>,
    pub most_descriptors: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub struct Process {
    memory: Known,
    descriptors: Known,
    most_descriptors: Known,
}

impl Process {
    pub(super) fn listed(registry: &mut Registry, started: Timestamp) -> Self {
        let (process, start) = (Self::default(), Known::default());
        let millis = started.as_millis().max(0).unsigned_abs();
        start.set(Some(float(millis) / 1000.0));
        list(registry, &table::BUILD, Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        list(registry, &table::STARTED, start);
        list(registry, &table::MEMORY, process.memory.clone());
        list(registry, &table::DESCRIPTORS, process.descriptors.clone());
        list(registry, &table::MOST_DESCRIPTORS, process.most_descriptors.clone());
        process
    }

    pub fn set(&self, vitals: Vitals) {
        self.memory.set(vitals.resident_bytes.map(float));
        self.descriptors.set(vitals.open_descriptors.map(float));
        self.most_descriptors.set(vitals.most_descriptors.map(float));
    }
}
