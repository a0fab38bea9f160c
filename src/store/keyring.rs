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
//! A sealed value names no key: it is always the data key of its account.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::StoreError;
use crate::config::SecretKey;
use crate::model::AccountId;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const KEY_ID_BYTES: usize = 4;
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

/// A data key as the store holds it.
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

        let mut bytes = vec![VERSION];
        bytes.extend(self.current.id);
        let context = context(account, DATA_KEY);
        bytes.extend(encrypt(self.current.key.bytes(), &context, &key[..])?);
        let wrapped = WrappedKey { bytes, key_id: hex::encode(self.current.id) };
        Ok((DataKey { account: account.clone(), key }, wrapped))
    }

    /// # Errors
    /// [`StoreError::MissingKey`] if the key that wrapped it is not in the ring,
    /// [`StoreError::Damaged`] if it was changed or belongs to another account.
    pub fn data_key(&self, account: &AccountId, wrapped: &[u8]) -> Result<DataKey, StoreError> {
        let rest = strip_version(wrapped)?;
        let (id, sealed) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(StoreError::Damaged)?;
        let wrapping = self.all().find(|key| key.id == *id);
        let wrapping = wrapping.ok_or_else(|| StoreError::MissingKey(hex::encode(id)))?;

        let opened = decrypt(wrapping.key.bytes(), &context(account, DATA_KEY), sealed)?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if opened.len() != key.len() {
            return Err(StoreError::Damaged);
        }
        key.copy_from_slice(&opened);
        Ok(DataKey { account: account.clone(), key })
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
        let mut sealed = vec![VERSION];
        sealed.extend(encrypt(&self.key, &context(&self.account, column), secret)?);
        Ok(sealed)
    }

    /// # Errors
    /// [`StoreError::Damaged`] if it was changed, or sealed for another account or column.
    pub fn open(&self, column: &str, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let opened = self.open_bytes(column, sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| StoreError::Damaged)?;
        Ok(SecretString::from(text))
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
        decrypt(&self.key, &context(&self.account, column), strip_version(sealed)?)
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
fn context(account: &AccountId, column: &str) -> Vec<u8> {
    let account = account.as_str();
    let mut context = vec![VERSION];
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

fn encrypt(key: &[u8; 32], context: &[u8], secret: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_| StoreError::NoRandomness)?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: context })
        .map_err(|_| StoreError::Damaged)?;
    Ok([&nonce[..], &sealed].concat())
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
