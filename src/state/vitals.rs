//! What is asked for when somebody reads the metrics: it is not counted on the way.

use std::fs;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::AppState;
use crate::metrics::{BreakerKind, Vitals};

/// Whoever reads the metrics while the database is away must not wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

impl AppState {
    /// All metrics as they are now. What cannot be had in time is left out.
    pub async fn metrics_now(&self) -> String {
        let backlog = self.readiness.backlog(&self.store, self.clock.now());
        let backlog = timeout(PATIENCE, backlog).await.ok().flatten();
        let metrics = &self.metrics;
        metrics.deliveries.set_backlog(backlog.map(|known| (known.oldest_due, known.pending)));
        metrics.records.set_waiting(self.recorder.waiting());
        metrics.inbound.set_waiting(self.inbox.waiting());
        let open = self.graph.open_breakers();
        metrics.upstream.set_open_breakers(BreakerKind::Number, open.numbers);
        metrics.upstream.set_open_breakers(BreakerKind::Host, open.hosts);
        metrics.upstream.set_open_breakers(BreakerKind::Token, open.tokens);
        metrics.process.set(spawn_blocking(vitals).await.unwrap_or_default());
        metrics.text()
    }
}

/// As Linux tells it; other systems tell nothing here.
fn vitals() -> Vitals {
    let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).ok();
    Vitals {
        resident_bytes: fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident),
        open_descriptors: fs::read_dir("/proc/self/fd").ok().map(|open| open.count() as u64),
        most_descriptors: limit.map(|(most, _)| most),
    }
}

/// `VmRSS:     27348 kB`
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{resident, vitals};

    #[test]
    fn memory_is_read_from_what_the_system_writes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t   27348 kB\nRssAnon:\t 1 kB\n"), Some(28_004_352));
        for other in ["", "VmRSS:", "VmRSS:\t1 MB", "VmRSS:\t-1 kB", "VmHWM:\t1 kB"] {
            assert_eq!(resident(other), None, "{other}");
        }
    }

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let vitals = vitals();
        assert!(vitals.resident_bytes.is_some_and(|bytes| bytes > 1024 * 1024));
        assert!(vitals.open_descriptors > Some(2));
        assert!(vitals.most_descriptors >= vitals.open_descriptors);
    }
}
