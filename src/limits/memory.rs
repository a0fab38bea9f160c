//! How much memory is left before the system puts an end to us.

mod reading;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};

use reading::Usage;

const TIGHT: u64 = 85;
const CRITICAL: u64 = 95;

/// In the order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pressure {
    None,
    /// No more bodies are read.
    Tight,
    /// Nothing is served but what must be.
    Critical,
}

/// What was seen when memory was last looked at: a request looks at one number.
#[derive(Debug)]
pub(super) struct Memory {
    pressure: AtomicU8,
    root: PathBuf,
}

impl Pressure {
    fn of(usage: Usage) -> Self {
        let percent = |part: u64| u128::from(usage.limit) * u128::from(part);
        let used = u128::from(usage.used) * 100;
        match used {
            _ if used >= percent(CRITICAL) => Self::Critical,
            _ if used >= percent(TIGHT) => Self::Tight,
            _ => Self::None,
        }
    }
}

impl Memory {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { pressure: AtomicU8::new(Pressure::None as u8), root }
    }

    pub(super) fn refuses(&self, has_body: bool) -> bool {
        let least = if has_body { Pressure::Tight } else { Pressure::Critical };
        self.pressure.load(Ordering::Relaxed) >= least as u8
    }

    pub(super) fn is_tight(&self) -> bool {
        self.pressure.load(Ordering::Relaxed) >= Pressure::Tight as u8
    }

    /// Looks again. Where nothing can be read, nothing is refused.
    pub(super) async fn look(&self) {
        let root = self.root.clone();
        let usage = tokio::task::spawn_blocking(move || reading::usage(&root)).await;
        let usage = usage.ok().flatten();
        let pressure = usage.map_or(Pressure::None, Pressure::of);
        let before = self.pressure.swap(pressure as u8, Ordering::Relaxed);
        if before != pressure as u8 {
            let (used, limit) = usage.map_or((0, 0), |usage| (usage.used, usage.limit));
            tracing::warn!(?pressure, used, limit, "the pressure on memory changed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Memory, Pressure, Usage};

    #[test]
    fn pressure_begins_at_85_percent_and_is_critical_at_95() {
        let of = |used, limit| Pressure::of(Usage { used, limit });
        assert_eq!(of(0, 1_000), Pressure::None);
        assert_eq!(of(849, 1_000), Pressure::None);
        assert_eq!(of(850, 1_000), Pressure::Tight);
        assert_eq!(of(949, 1_000), Pressure::Tight);
        assert_eq!(of(950, 1_000), Pressure::Critical);
        assert_eq!(of(2_000, 1_000), Pressure::Critical);
        assert_eq!(of(u64::MAX, u64::MAX), Pressure::Critical);
    }

    #[tokio::test]
    async fn what_would_read_a_body_is_refused_first() {
        let root = tempfile::TempDir::new().unwrap();
        let proc = root.path().join("proc/self");
        std::fs::create_dir_all(&proc).unwrap();
        std::fs::write(root.path().join("proc/meminfo"), "MemTotal:  1000 kB\n").unwrap();
        let memory = Memory::new(root.path().to_owned());
        for (used, with_body, without) in
            [(100, false, false), (900, true, false), (960, true, true), (100, false, false)]
        {
            std::fs::write(proc.join("status"), format!("VmRSS:\t  {used} kB\n")).unwrap();
            memory.look().await;
            assert_eq!(memory.refuses(true), with_body, "{used}");
            assert_eq!(memory.refuses(false), without, "{used}");
            assert_eq!(memory.is_tight(), with_body, "{used}");
        }
        std::fs::remove_dir_all(root.path().join("proc")).unwrap();
        memory.look().await;
        assert!(!memory.refuses(true));
    }
}
