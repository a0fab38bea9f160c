use secrecy::{ExposeSecret as _, SecretString};

use super::{DataKey, Keyring, WrappedKey};
use crate::config::SecretKey;
use crate::model::AccountId;
use crate::store::StoreError;

const COLUMN: &str = "whatsapp_accounts.meta_token";

fn ring(keys: &[u8]) -> Keyring {
    let keys: Vec<_> = keys.iter().map(|fill| SecretKey::new([*fill; 32])).collect();
    Keyring::new(&keys).unwrap()
}

fn fresh(ring: &Keyring, account: &AccountId) -> (DataKey, WrappedKey) {
    ring.fresh_data_key(account).unwrap()
}

fn account(id: &str) -> AccountId {
    AccountId::from_stored(id.to_owned())
}

fn sealed(key: &DataKey, text: &str) -> Vec<u8> {
    key.seal(COLUMN, &SecretString::from(text)).unwrap()
}

#[test]
fn what_was_sealed_opens_again_even_if_it_is_empty() {
    let ring = ring(&[1]);
    let (key, wrapped) = fresh(&ring, &account("a"));
    let again = ring.data_key(&account("a"), &wrapped.bytes).unwrap();
    for text in ["", "EAAG secret", "a\0b", "🔑"] {
        let opened = again.open(COLUMN, &sealed(&key, text)).unwrap();
        assert_eq!(opened.expose_secret(), text);
    }
}

#[test]
fn the_same_secret_never_looks_the_same_twice() {
    let (key, _) = fresh(&ring(&[1]), &account("a"));
    assert_ne!(sealed(&key, "secret"), sealed(&key, "secret"));
}

#[test]
fn a_value_moved_to_another_column_or_account_does_not_open() {
    let ring = ring(&[1]);
    let (key, wrapped) = fresh(&ring, &account("a"));
    let value = sealed(&key, "secret");
    let moved = key.open("webhook_configs.code", &value);
    assert!(matches!(moved, Err(StoreError::Damaged)));

    let (stranger, _) = fresh(&ring, &account("b"));
    assert!(matches!(stranger.open(COLUMN, &value), Err(StoreError::Damaged)));
    let moved_key = ring.data_key(&account("b"), &wrapped.bytes);
    assert!(matches!(moved_key, Err(StoreError::Damaged)));
}

#[test]
fn a_value_is_bound_to_its_account_even_under_the_same_data_key() {
    let (key, _) = fresh(&ring(&[1]), &account("a"));
    let value = sealed(&key, "secret");
    let stranger = DataKey { account: account("b"), key: key.key };
    assert!(matches!(stranger.open(COLUMN, &value), Err(StoreError::Damaged)));
}

#[test]
fn a_changed_or_cut_value_does_not_open() {
    let (key, _) = fresh(&ring(&[1]), &account("a"));
    let value = sealed(&key, "secret");
    for at in 0..value.len() {
        let mut changed = value.clone();
        changed[at] ^= 1;
        assert!(matches!(key.open(COLUMN, &changed), Err(StoreError::Damaged)), "byte {at}");
        assert!(matches!(key.open(COLUMN, &value[..at]), Err(StoreError::Damaged)), "cut at {at}");
    }
}

#[test]
fn a_key_that_is_not_in_the_ring_is_named() {
    let (_, wrapped) = fresh(&ring(&[1]), &account("a"));
    let other = ring(&[2]);
    assert!(!other.holds(&wrapped.key_id));
    let Err(StoreError::MissingKey(id)) = other.data_key(&account("a"), &wrapped.bytes) else {
        panic!("the data key opened, or failed for another reason");
    };
    assert_eq!(id, wrapped.key_id);
    assert_eq!(id.len(), 8);
}

#[test]
fn an_old_key_still_opens_and_the_current_one_wraps() {
    let (key, wrapped) = fresh(&ring(&[1]), &account("a"));
    let value = sealed(&key, "secret");

    let rotated = ring(&[2, 1]);
    let old = rotated.data_key(&account("a"), &wrapped.bytes).unwrap();
    assert_eq!(old.open(COLUMN, &value).unwrap().expose_secret(), "secret");

    let (_, new) = fresh(&rotated, &account("b"));
    assert_ne!(new.key_id, wrapped.key_id);
    assert!(rotated.holds(&new.key_id) && rotated.holds(&wrapped.key_id));
}

#[test]
fn what_is_shared_opens_with_the_ring_and_in_its_column_alone() {
    let value = ring(&[1]).seal_shared("inbound_posts.payload", b"\0\xff raw").unwrap();
    let rotated = ring(&[2, 1]);
    let opened = rotated.open_shared("inbound_posts.payload", &value.bytes).unwrap();
    assert_eq!(&opened[..], b"\0\xff raw");
    assert!(rotated.holds(&value.key_id));

    let moved = rotated.open_shared("events.body", &value.bytes);
    assert!(matches!(moved, Err(StoreError::Damaged)));
    let stranger = ring(&[2]).open_shared("inbound_posts.payload", &value.bytes);
    assert!(matches!(stranger, Err(StoreError::MissingKey(_))));
}

#[test]
fn a_mark_is_the_same_for_the_same_parts_in_the_same_place() {
    let (key, wrapped) = fresh(&ring(&[1]), &account("a"));
    let again = ring(&[1]).data_key(&account("a"), &wrapped.bytes).unwrap();
    let mark = key.mark(COLUMN, &["ab", "c"]);
    assert_eq!(mark, again.mark(COLUMN, &["ab", "c"]));

    let (stranger, _) = fresh(&ring(&[1]), &account("a"));
    let others = [
        key.mark(COLUMN, &["a", "bc"]),
        key.mark("contacts.mark", &["ab", "c"]),
        stranger.mark(COLUMN, &["ab", "c"]),
    ];
    assert!(!others.contains(&mark));
}

#[test]
fn no_key_at_all_is_refused() {
    assert!(matches!(Keyring::new(&[]), Err(StoreError::NoKey)));
}
