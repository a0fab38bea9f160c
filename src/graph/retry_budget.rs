//! Keeps retries a small part of the load, so that a dead upstream is not hit harder.

use std::sync::atomic::{AtomicU32, Ordering};

/// In tenths of a retry: each call that is answered earns one, each retry costs ten. What fails
/// earns nothing: a dead upstream gets the first ten retries, and no more.
#[derive(Debug)]
pub(super) struct RetryBudget(AtomicU32);

const COST: u32 = 10;
const MOST: u32 = 10 * COST;

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(MOST))
    }
}

impl RetryBudget {
    pub(super) fn earn(&self) {
        // A full budget is the common case: it costs a read, not a contended write.
        if self.0.load(Ordering::Relaxed) < MOST {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn affords_one(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= COST
    }

    pub(super) fn spend(&self) -> bool {
        let spent =
            self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(COST));
        spent.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::RetryBudget;

    #[test]
    fn after_the_first_few_ten_requests_pay_for_one_retry() {
        let budget = RetryBudget::default();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend());
    }
}
