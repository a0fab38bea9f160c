//! How long things take.

use std::array;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The upper ends of the buckets, in microseconds: from what the embedded store takes to what a
/// send may take.
const BOUNDS: [u64; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// A histogram of times. The library's own takes a lock for each value; this one adds to two
/// atomics.
#[derive(Clone, Debug, Default)]
pub struct Latency(Arc<Cells>);

#[derive(Debug, Default)]
struct Cells {
    buckets: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    micros: AtomicU64,
}

impl Latency {
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound);
        let bucket = bucket.and_then(|bucket| self.0.buckets.get(bucket));
        bucket.unwrap_or(&self.0.beyond).fetch_add(1, Ordering::Relaxed);
        self.0.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl TypedMetric for Latency {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Latency {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let load = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let counts: [u64; BOUNDS.len()] = array::from_fn(|n| self.0.buckets.get(n).map_or(0, load));
        let bounds = BOUNDS.iter().map(|micros| seconds(*micros));
        let mut buckets: Vec<_> = bounds.zip(counts).collect();
        buckets.push((f64::INFINITY, load(&self.0.beyond)));
        // Counted from the buckets just read, so that they agree whatever is added meanwhile.
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(seconds(load(&self.0.micros)), count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}
