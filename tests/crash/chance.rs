//! Chance that can be repeated.

use std::sync::OnceLock;
use std::time::Duration;

/// The rounds of a plain run.
const FEW: u32 = 3;

/// SplitMix64: small, and random enough to choose when to strike.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

/// Of this run. Another one each time, unless `CRASH_SEED` says which.
pub(crate) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| number("CRASH_SEED").unwrap_or_else(|| getrandom::u64().unwrap()))
}

/// How often each case strikes.
pub(crate) fn rounds() -> u32 {
    number("CRASH_ROUNDS").map_or(FEW, |rounds| rounds.try_into().unwrap())
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text}")))
}

impl Chance {
    /// The chance of one case: the same for the same seed, whatever other cases do.
    pub(crate) fn of(case: &str) -> Self {
        let mut chance = Self(seed());
        for byte in case.bytes() {
            chance.0 = chance.0.rotate_left(5) ^ u64::from(byte);
            chance.next();
        }
        chance
    }

    /// Another one, for somebody who asks at other times.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to one less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// Yes, in so many of a hundred cases.
    pub(crate) fn percent(&mut self, yes: usize) -> bool {
        self.below(100) < yes
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.next() % (most - least + 1))
    }
}
