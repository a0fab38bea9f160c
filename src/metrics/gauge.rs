//! A value that is asked for when somebody reads it, and may not be known.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// A gauge that is left out while nobody knows its value: no number is better than a wrong one.
#[derive(Clone, Debug)]
pub(super) struct Known(Arc<AtomicU64>);

/// No number.
const UNKNOWN: f64 = f64::NAN;

impl Default for Known {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(UNKNOWN.to_bits())))
    }
}

impl Known {
    pub(super) fn set(&self, value: Option<f64>) {
        self.0.store(value.unwrap_or(UNKNOWN).to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

impl TypedMetric for Known {
    const TYPE: MetricType = MetricType::Gauge;
}

impl EncodeMetric for Known {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let value = self.get();
        if value.is_nan() { Ok(()) } else { encoder.encode_gauge(&value) }
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }

    fn is_empty(&self) -> bool {
        self.get().is_nan()
    }
}

/// A count as a gauge has it; beyond 2^53 the last digits would not matter to anybody.
#[expect(clippy::cast_precision_loss, reason = "gauges are floats in every reader")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
