//! How many there were in the last ten seconds, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SECONDS: usize = 10;

/// One count for each second, with the second it is of in its upper half.
#[derive(Debug, Default)]
pub(super) struct Tally([AtomicU64; SECONDS]);

impl Tally {
    /// One more at this age.
    pub(super) fn count(&self, age: Duration) {
        let second = age.as_secs();
        let index = usize::try_from(second).unwrap_or_default() % SECONDS;
        let Some(slot) = self.0.get(index) else { return };
        slot.update(Ordering::Relaxed, Ordering::Relaxed, |known| {
            if second_of(known) == second { known + 1 } else { (second << 32) + 1 }
        });
    }

    /// How many there were in the second of this age and the nine before it.
    pub(super) fn lately(&self, age: Duration) -> u32 {
        let now = age.as_secs();
        let is_recent = |slot: &u64| now.saturating_sub(second_of(*slot)) < SECONDS as u64;
        let slots = self.0.iter().map(|slot| slot.load(Ordering::Relaxed));
        slots.filter(is_recent).fold(0, |sum, slot| sum.saturating_add(count_of(slot)))
    }

    pub(super) fn clear(&self) {
        for slot in &self.0 {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

const fn second_of(slot: u64) -> u64 {
    slot >> 32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn count_of(slot: u64) -> u32 {
    slot as u32
}
