//! What one account may take up of what all share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

use super::Class;
use super::line::{Full, Slot, places};
use super::room::Room;
use crate::config::LimitSettings;
use crate::model::AccountId;

/// The part of one account: at least one place.
#[derive(Debug)]
pub struct Share {
    calls: Arc<Semaphore>,
    media: Arc<Semaphore>,
    bodies: Room,
}

/// The parts of all accounts that have anything in use.
#[derive(Debug)]
pub struct Shares {
    calls: u32,
    media: u32,
    bodies: Room,
    percent: u8,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    shares: HashMap<AccountId, Weak<Share>>,
    /// When the map has so many, those that are gone are taken out.
    most: usize,
}

impl Share {
    /// A place among the account's own. It does not wait: whoever waits for a place holds one.
    ///
    /// # Errors
    /// When the account has taken up its share.
    pub fn enter(&self, class: Class) -> Result<Option<Slot>, Full> {
        match class {
            Class::Vital | Class::Inbound => Ok(None),
            Class::Media => Slot::free_now(&self.media).map(Some),
            Class::Call => Slot::free_now(&self.calls).map(Some),
        }
    }

    pub(super) fn bodies(&self) -> &Room {
        &self.bodies
    }
}

impl Shares {
    #[must_use]
    pub fn new(settings: &LimitSettings) -> Self {
        Self {
            calls: settings.concurrency,
            media: settings.media_concurrency,
            bodies: Room::parted(settings.body_memory).0,
            percent: settings.account_share,
            known: Mutex::default(),
        }
    }

    /// The share of an account: one and the same for as long as anybody holds it.
    #[must_use]
    pub fn of(&self, account: &AccountId) -> Arc<Share> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = known.shares.get(account).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(self.fresh());
        if known.shares.len() >= known.most {
            known.shares.retain(|_, share| share.strong_count() > 0);
            known.most = 2 * known.shares.len() + 16;
        }
        known.shares.insert(account.clone(), Arc::downgrade(&share));
        share
    }

    fn fresh(&self) -> Share {
        let part = |whole: u32| (u64::from(whole) * u64::from(self.percent) / 100).max(1);
        let part = |whole| places(u32::try_from(part(whole)).unwrap_or(u32::MAX));
        let bodies = self.bodies.part(self.percent);
        Share { calls: part(self.calls), media: part(self.media), bodies }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Class, Full, Shares};
    use crate::config::LimitSettings;
    use crate::model::AccountId;

    fn shares(concurrency: u32) -> Shares {
        Shares::new(&LimitSettings { concurrency, ..LimitSettings::default() })
    }

    #[test]
    fn an_account_has_its_part_and_at_least_one_place() {
        for (concurrency, own) in [(8, 2), (7, 1), (1, 1)] {
            let share = shares(concurrency).of(&AccountId::generate());
            let held: Vec<_> = (0..own).map(|_| share.enter(Class::Call).unwrap()).collect();
            assert_eq!(share.enter(Class::Call).err(), Some(Full));
            assert!(share.enter(Class::Media).is_ok());
            drop(held);
            assert!(share.enter(Class::Call).is_ok());
        }
    }

    #[test]
    fn a_share_is_one_as_long_as_it_is_held_and_is_forgotten_then() {
        let (shares, ada) = (shares(8), AccountId::generate());
        let share = shares.of(&ada);
        assert!(Arc::ptr_eq(&share, &shares.of(&ada)));
        assert!(!Arc::ptr_eq(&share, &shares.of(&AccountId::generate())));
        for _ in 0..1_000 {
            let _passing = shares.of(&AccountId::generate());
        }
        assert!(shares.known.lock().unwrap().shares.len() < 50);
        assert!(Arc::ptr_eq(&share, &shares.of(&ada)));
    }
}
