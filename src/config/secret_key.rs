//! The key that opens what the store keeps secret.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use secrecy::SecretBox;
use zeroize::Zeroizing;

/// 32 bytes, written as base64.
#[derive(Clone, Debug)]
pub struct SecretKey(Arc<SecretBox<[u8; 32]>>);

#[derive(Args, Clone, Debug)]
pub struct SecretKeys {
    /// Base64 of 32 bytes, as `avenping key generate` prints it; while rotating, the new key,
    /// a comma, and the old one
    #[arg(
        id = "secret-key",
        long = "secret-key",
        env = "AVENPING_SECRET_KEY",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "KEY",
        global = true
    )]
    pub keys: Vec<SecretKey>,
}

impl SecretKey {
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(bytes))))
    }

    /// A fresh key.
    ///
    /// # Errors
    /// Fails when the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self::new(*bytes))
    }

    /// The text that [`SecretKey::from_str`] reads.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.bytes()))
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        use secrecy::ExposeSecret as _;
        self.0.expose_secret()
    }
}

impl FromStr for SecretKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = || "must be base64 of 32 bytes; `avenping key generate` prints one".to_owned();
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| fault())?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| fault())?;
        Ok(Self::new(bytes))
    }
}
