//! Seals what the store keeps secret, so that its files and backups alone are worth nothing.
//!
//! Each account has a random data key. The data key seals the account's secrets, and lies next
//! to them wrapped by a key of `AVENPING_SECRET_KEY`: a new key there means wrapping 32 bytes
//! per account anew, not every secret. The cipher is XChaCha20-Poly1305; a value opens only for
//! the account and in the column that it was sealed for.
//!
//! ```text
//! wrapped data key   version (1) | key id (4) | nonce (24) | ciphertext and tag (48)
//! sealed value       version (1) | nonce (24) | ciphertext and tag
//! ```
//!
//! A sealed value names no key: it is always the data key of its account. What belongs to no one
//! account is shared; it is sealed by a key of the ring, in the layout of a wrapped data key.

use chacha20poly1305::aead::{Aead, AeadInOut as _, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::StoreError;
use crate::config::SecretKey;
use crate::model::AccountId;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const KEY_ID_BYTES: usize = 4;
/// Of a digest cut in half: nobody finds two values for one mark.
pub(super) const MARK_BYTES: usize = 16;
const DATA_KEY: &str = "accounts.data_key";

/// The keys of `AVENPING_SECRET_KEY`. The first wraps; all of them unwrap.
pub struct Keyring {
    current: WrappingKey,
    old: Vec<WrappingKey>,
}

/// The key that seals the secrets of one account.
pub struct DataKey {
    account: AccountId,
    key: Zeroizing<[u8; 32]>,
}

/// A data key, or a shared value, as the store holds it.
pub struct WrappedKey {
    pub bytes: Vec<u8>,
    /// Of the key that wrapped it, in hex.
    pub key_id: String,
}

struct WrappingKey {
    id: [u8; KEY_ID_BYTES],
    key: SecretKey,
}

impl Keyring {
    /// # Errors
    /// [`StoreError::NoKey`] if there is none: nothing is ever stored in clear instead.
    pub fn new(keys: &[SecretKey]) -> Result<Self, StoreError> {
        let mut keys = keys.iter().map(WrappingKey::new);
        let current = keys.next().ok_or(StoreError::NoKey)?;
        Ok(Self { current, old: keys.collect() })
    }

    /// Makes the data key of a new account.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn fresh_data_key(&self, account: &AccountId) -> Result<(DataKey, WrappedKey), StoreError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut key[..]).map_err(|_| StoreError::NoRandomness)?;
        let wrapped = self.wrap(&context(account.as_str(), DATA_KEY), &key[..])?;
        Ok((DataKey { account: account.clone(), key }, wrapped))
    }

    /// Wraps a data key with the current key, whichever wrapped it before.
    ///
    /// # Errors
    /// As [`Keyring::data_key`].
    pub fn rewrap(&self, account: &AccountId, wrapped: &[u8]) -> Result<WrappedKey, StoreError> {
        let key = self.data_key(account, wrapped)?;
        self.wrap(&context(account.as_str(), DATA_KEY), &key.key[..])
    }

    /// The id of the key that wraps now, in hex.
    #[must_use]
    pub fn current_id(&self) -> String {
        hex::encode(self.current.id)
    }

    /// # Errors
    /// [`StoreError::MissingKey`] if the key that wrapped it is not in the ring,
    /// [`StoreError::Damaged`] if it was changed or belongs to another account.
    pub fn data_key(&self, account: &AccountId, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let opened = self.unwrap(&context(account.as_str(), DATA_KEY), wrapped)?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if opened.len() != key.len() {
            return Err(StoreError::Damaged);
        }
        key.copy_from_slice(&opened);
        Ok(DataKey { account: account.clone(), key })
    }

    /// Seals for `column`, written `table.column`, what belongs to no one account.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn seal_shared(&self, column: &str, value: &[u8]) -> Result<WrappedKey, StoreError> {
        self.wrap(&context("", column), value)
    }

    /// # Errors
    /// [`StoreError::MissingKey`] if the key that sealed it is not in the ring,
    /// [`StoreError::Damaged`] if it was changed or sealed for another column.
    pub fn open_shared(
        &self,
        column: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.unwrap(&context("", column), sealed)
    }

    /// Seals with the current key what is shared, whichever key sealed it before.
    ///
    /// # Errors
    /// As [`Keyring::open_shared`].
    pub fn reseal_shared(&self, column: &str, sealed: &[u8]) -> Result<WrappedKey, StoreError> {
        self.seal_shared(column, &self.open_shared(column, sealed)?)
    }

    fn wrap(&self, context: &[u8], value: &[u8]) -> Result<WrappedKey, StoreError> {
        let head: [&[u8]; 2] = [&[VERSION], &self.current.id];
        let bytes = encrypt(self.current.key.bytes(), context, value, &head)?;
        Ok(WrappedKey { bytes, key_id: hex::encode(self.current.id) })
    }

    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let rest = strip_version(wrapped)?;
        let (id, sealed) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(StoreError::Damaged)?;
        let wrapping = self.all().find(|key| key.id == *id);
        let wrapping = wrapping.ok_or_else(|| StoreError::MissingKey(hex::encode(id)))?;
        decrypt(wrapping.key.bytes(), context, sealed)
    }

    /// Whether the ring holds the key with this id, in hex.
    #[must_use]
    pub fn holds(&self, key_id: &str) -> bool {
        self.all().any(|key| hex::encode(key.id) == key_id)
    }

    fn all(&self) -> impl Iterator<Item = &WrappingKey> {
        std::iter::once(&self.current).chain(&self.old)
    }
}

impl DataKey {
    /// Seals a secret for `column`, written `table.column`.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn seal(&self, column: &str, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        use secrecy::ExposeSecret as _;

        self.seal_bytes(column, secret.expose_secret().as_bytes())
    }

    /// As [`DataKey::seal`], for what is no text.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn seal_bytes(&self, column: &str, secret: &[u8]) -> Result<Vec<u8>, StoreError> {
        encrypt(&self.key, &context(self.account.as_str(), column), secret, &[&[VERSION]])
    }

    /// # Errors
    /// [`StoreError::Damaged`] if it was changed, or sealed for another account or column.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<SecretString, StoreError> {
        self.open_text(column, sealed).map(SecretString::from)
    }

    /// As [`DataKey::open`], for what is the customer's own, and secret only to others.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it was changed, or sealed for another account or column.
    pub fn open_text(&self, column: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let mut opened = self.open_bytes(column, sealed)?;
        String::from_utf8(std::mem::take(&mut *opened)).map_err(|_| StoreError::Damaged)
    }

    /// A digest by which the same parts are known again in this account and `column`. It tells
    /// nothing to those who do not have the key, however few values the parts may have.
    #[must_use]
    pub fn mark(&self, column: &str, parts: &[&str]) -> [u8; MARK_BYTES] {
        let mut digest = Sha256::new().chain_update("avenping mark\0").chain_update(&self.key[..]);
        for part in std::iter::once(&column).chain(parts) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut mark = [0; MARK_BYTES];
        mark.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        mark
    }

    /// As [`DataKey::open`], for what is no text.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it was changed, or sealed for another account or column.
    pub fn open_bytes(
        &self,
        column: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        decrypt(&self.key, &context(self.account.as_str(), column), strip_version(sealed)?)
    }
}

impl WrappingKey {
    fn new(key: &SecretKey) -> Self {
        let digest = Sha256::new().chain_update("avenping key id\0").chain_update(key.bytes());
        let mut id = [0; KEY_ID_BYTES];
        id.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        Self { id, key: key.clone() }
    }
}

/// What a value is bound to. The length in front of the account keeps it and the column apart.
fn context(account: &str, column: &str) -> Vec<u8> {
    let mut context = Vec::with_capacity(1 + 8 + account.len() + column.len());
    context.push(VERSION);
    context.extend((account.len() as u64).to_be_bytes());
    context.extend(account.as_bytes());
    context.extend(column.as_bytes());
    context
}

fn strip_version(sealed: &[u8]) -> Result<&[u8], StoreError> {
    match sealed.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        _ => Err(StoreError::Damaged),
    }
}

/// Nonce, ciphertext and tag behind `head`. The secret is copied once: it may be large.
fn encrypt(
    key: &[u8; 32],
    context: &[u8],
    secret: &[u8],
    head: &[&[u8]],
) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| StoreError::NoRandomness)?;
    let head_bytes: usize = head.iter().map(|part| part.len()).sum();
    let mut sealed = Vec::with_capacity(head_bytes + NONCE_BYTES + secret.len() + TAG_BYTES);
    head.iter().for_each(|part| sealed.extend(*part));
    sealed.extend(nonce);
    let before = sealed.len();
    sealed.extend(secret);
    let (_, ciphertext) = sealed.split_at_mut(before);
    let tag = XChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached(&XNonce::from(nonce), context, ciphertext.into())
        .map_err(|_| StoreError::Damaged)?;
    sealed.extend(tag);
    Ok(sealed)
}

fn decrypt(
    key: &[u8; 32],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(StoreError::Damaged)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context })
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Damaged)
}

#[cfg(test)]
mod tests;
