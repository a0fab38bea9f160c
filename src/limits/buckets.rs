//! A bucket for each key.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bucket::{Level, Quota};

const SHARDS: usize = 64;

/// When each bucket that is not full will be. Keys that have nothing to do with each other hardly
/// ever wait for one lock.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    shards: [Mutex<HashMap<K, u64>>; SHARDS],
    hasher: RandomState,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    pub(super) fn take(&self, key: &K, quota: Quota, now: u64) -> Level {
        let mut shard = self.shard(key);
        if let Some(full_at) = shard.get_mut(key) {
            return quota.take(full_at, now);
        }
        let mut full_at = now;
        let level = quota.take(&mut full_at, now);
        shard.insert(key.clone(), full_at);
        level
    }

    pub(super) fn look(&self, key: &K, quota: Quota, now: u64) -> Level {
        let full_at = self.shard(key).get(key).copied();
        quota.look(full_at.unwrap_or(now), now)
    }

    /// Drops the buckets that are full: they are as good as new ones.
    pub(super) fn forget_full(&self, now: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, full_at| *full_at > now);
            let room = shard.len() * 2;
            shard.shrink_to(room);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "what is left of a division is less than it")]
    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, u64>> {
        let hash = self.hasher.hash_one(key);
        let shard = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Buckets, Quota};
    use crate::model::Rate;

    fn kept(buckets: &Buckets<u32>) -> usize {
        buckets.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let (buckets, quota) = (Buckets::new(), Quota::of(Rate::of(1, 1), 1));
        assert!(buckets.take(&1, quota, 0).allowed);
        assert!(!buckets.take(&1, quota, 0).allowed);
        assert!(!buckets.look(&1, quota, 0).allowed);
        assert!(buckets.look(&2, quota, 0).allowed);
        assert!(buckets.take(&2, quota, 0).allowed);
    }

    #[test]
    fn idle_buckets_are_dropped_and_no_others() {
        let (buckets, quota) = (Buckets::new(), Quota::of(Rate::of(10, 10), 1));
        for key in 0..1_000 {
            buckets.take(&key, quota, 0);
        }
        buckets.take(&7, quota, 0);
        buckets.forget_full(1_000_000_000);
        assert_eq!(kept(&buckets), 1);
        assert_eq!(buckets.look(&7, quota, 1_000_000_000).left, 9);
        buckets.forget_full(2_000_000_000);
        assert_eq!(kept(&buckets), 0);
    }

    #[test]
    fn callers_at_once_get_no_more_than_one_after_the_other() {
        let (buckets, quota) = (Buckets::new(), Quota::of(Rate::of(1_000, 60), 1));
        let allowed = std::thread::scope(|scope| {
            let draw = || (0..500).filter(|_| buckets.take(&1, quota, 0).allowed).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(allowed, 1_000);
    }
}
