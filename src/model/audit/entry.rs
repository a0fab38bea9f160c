//! An entry of the chain, and the hash that links it to the one before it.

use sha2::{Digest, Sha256};

use super::{Actor, Deed};
use crate::model::{AccountId, Timestamp};

/// An entry as it is stored: in texts, so that one that was tampered with can be told of, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1 on, without a gap.
    pub id: i64,
    pub at: Timestamp,
    /// `token`, `cli` or `gateway`.
    pub actor: String,
    /// Which token, or which user.
    pub actor_name: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// The account may be gone by now.
    pub account: Option<AccountId>,
    pub action: String,
    /// JSON.
    pub details: String,
    /// The hash of the entry before; empty for the first one.
    pub previous_hash: String,
    /// In hex: see [`AuditEntry::digest`].
    pub hash: String,
}

impl AuditEntry {
    /// The entry that follows number `last`, whose hash is `previous_hash`.
    #[must_use]
    pub fn following(
        (last, previous_hash): (i64, String),
        by: &Actor,
        at: Timestamp,
        account: Option<&AccountId>,
        deed: &Deed,
    ) -> Self {
        let mut entry = Self {
            id: last.saturating_add(1),
            at,
            actor: by.who.kind().to_owned(),
            actor_name: by.who.name().map(str::to_owned),
            address: by.address.map(|address| address.to_string()),
            request_id: by.request_id.clone(),
            account: account.cloned(),
            action: deed.action.name().to_owned(),
            details: deed.details.to_string(),
            previous_hash,
            hash: String::new(),
        };
        entry.hash = entry.digest();
        entry
    }

    /// What the hash must be: SHA-256, in hex, over all the other fields in their order, each with
    /// its length in front, so that nothing can be moved from one to the next.
    #[must_use]
    pub fn digest(&self) -> String {
        let (id, at) = (self.id.to_string(), self.at.as_millis().to_string());
        let fields = [
            Some(id.as_str()),
            Some(at.as_str()),
            Some(self.actor.as_str()),
            self.actor_name.as_deref(),
            self.address.as_deref(),
            self.request_id.as_deref(),
            self.account.as_ref().map(AccountId::as_str),
            Some(self.action.as_str()),
            Some(self.details.as_str()),
            Some(self.previous_hash.as_str()),
        ];
        let mut digest = Sha256::new().chain_update("avenping audit entry 1\0");
        for field in fields {
            let Some(text) = field else {
                digest.update([0]);
                continue;
            };
            digest.update([1]);
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        hex::encode(digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AccountId, Actor, AuditEntry, Deed, Timestamp};
    use crate::model::AuditAction;

    fn entry() -> AuditEntry {
        let deed = Deed::new(AuditAction::KeyRotated, json!({ "accounts": 3 }));
        let at = Timestamp::from_millis(1_000);
        AuditEntry::following((0, String::new()), &Actor::cli("ada"), at, None, &deed)
    }

    /// printf 'avenping audit entry 1\0', then for each field \1, its length in eight bytes and
    /// its text, or \0 where there is none; all of it through sha256sum.
    #[test]
    fn the_canonical_form_stays_what_it_is() {
        assert_eq!(
            entry().hash,
            "37dd132046bd113a7055ca2a13d01f92eea853a1268ff2d3201bc4787c00cb1a"
        );
    }

    #[test]
    fn every_field_counts() {
        let original = entry();
        type Alter = fn(&mut AuditEntry);
        let alterations: [Alter; 10] = [
            |entry| entry.id = 2,
            |entry| entry.at = Timestamp::from_millis(1_001),
            |entry| entry.actor = "token".to_owned(),
            |entry| entry.actor_name = None,
            |entry| entry.address = Some(String::new()),
            |entry| entry.request_id = Some(String::new()),
            |entry| entry.account = Some(AccountId::from_stored(String::new())),
            |entry| entry.action = "account.deleted".to_owned(),
            |entry| entry.details = r#"{"accounts":4}"#.to_owned(),
            |entry| entry.previous_hash = "0".to_owned(),
        ];
        for (number, alter) in alterations.into_iter().enumerate() {
            let mut altered = original.clone();
            alter(&mut altered);
            assert_ne!(altered.digest(), original.hash, "alteration {number} goes unnoticed");
        }
    }

    #[test]
    fn nothing_can_be_moved_from_one_field_to_the_next() {
        let (mut one, mut other) = (entry(), entry());
        (one.action, one.details) = ("key.rotated".to_owned(), "{}".to_owned());
        (other.action, other.details) = ("key.rotate".to_owned(), "d{}".to_owned());
        assert_ne!(one.digest(), other.digest());
    }
}
