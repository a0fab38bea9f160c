//! What senders call the messages whose records are not written yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{AccountId, MessageRecord};

type Names = HashMap<(AccountId, String), String>;

/// By the account and the wamid, for a status may come before the record is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Unwritten(Arc<Mutex<Names>>);

impl Unwritten {
    pub(super) fn add(&self, record: &MessageRecord) {
        if let (Some(key), Some(reference)) = (key(record), &record.reference) {
            self.names().insert(key, reference.clone());
        }
    }

    pub(super) fn remove(&self, records: &[MessageRecord]) {
        let mut names = self.names();
        for key in records.iter().filter(|record| record.reference.is_some()).filter_map(key) {
            names.remove(&key);
        }
    }

    pub(super) fn find(&self, account: &AccountId, wamid: &str) -> Option<String> {
        self.names().get(&(account.clone(), wamid.to_owned())).cloned()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(record: &MessageRecord) -> Option<(AccountId, String)> {
    Some((record.account.clone(), record.result.as_ref()?.wamid.clone()?))
}
