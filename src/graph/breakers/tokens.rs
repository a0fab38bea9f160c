//! The Meta tokens that Graph refused, by their accounts. A token that works has no entry, and of
//! one that does not only its SHA-256 is kept.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::permit::Pass;
use super::{Guarded, Kind};
use crate::graph::Credentials;
use crate::graph::breaker::{Change, Rules, Verdict};
use crate::graph::failure::GraphFailure;
use crate::model::AccountId;

/// Of more than this the least used are forgotten.
pub(super) const MOST: usize = 16_384;

#[derive(Debug)]
pub(super) struct Tokens {
    rules: Rules,
    refused: Cache<AccountId, Refused>,
}

#[derive(Clone, Debug)]
struct Refused {
    digest: [u8; 32],
    guarded: Arc<Guarded>,
}

impl Tokens {
    pub(super) fn new(open: Duration) -> Self {
        let rules = Rules { in_a_row: 1, open, longest: open };
        Self { rules, refused: Cache::new(MOST) }
    }

    /// Another token than the refused one closes the breaker at once.
    pub(super) fn admit(
        &self,
        credentials: Credentials<'_>,
        now: Instant,
    ) -> Result<Option<Pass>, GraphFailure> {
        let Some(refused) = self.refused.get(credentials.account) else { return Ok(None) };
        if refused.digest == digest(credentials.token) {
            return Pass::through(&refused.guarded, now).map(Some);
        }
        if self.forget(credentials.account, &refused.digest) {
            refused.guarded.tell(Some(Change::Closed));
        }
        Ok(None)
    }

    pub(super) fn settle(
        &self,
        pass: Option<Pass>,
        credentials: Credentials<'_>,
        verdict: Verdict,
        now: Instant,
    ) {
        let Some(pass) = pass else {
            if verdict == Verdict::Failed {
                self.refuse(credentials, now);
            }
            return;
        };
        if pass.note(verdict, now) == Some(Change::Closed) {
            self.forget(credentials.account, &digest(credentials.token));
        }
    }

    pub(super) fn open(&self, now: Instant) -> usize {
        let refuses = |refused: &Refused| refused.guarded.breaker.refuses(now);
        self.refused.iter().filter(|(_, refused)| refuses(refused)).count()
    }

    /// Of many calls that find out at once, one opens it.
    fn refuse(&self, credentials: Credentials<'_>, now: Instant) {
        if self.rules.open.is_zero() {
            return;
        }
        let (account, digest) = (credentials.account, digest(credentials.token));
        let guarded = Guarded::new(Kind::Token, account.as_str(), self.rules, now);
        let new = Refused { digest, guarded };
        let known = self.refused.get_or_insert_with(account, || Ok::<_, Infallible>(new.clone()));
        let mut refused = known.unwrap_or_else(|never| match never {});
        if refused.digest != digest {
            self.refused.insert(account.clone(), new.clone());
            refused = new;
        }
        if let Ok(pass) = Pass::through(&refused.guarded, now) {
            pass.note(Verdict::Failed, now);
        }
    }

    fn forget(&self, account: &AccountId, digest: &[u8; 32]) -> bool {
        self.refused.remove_if(account, |refused| refused.digest == *digest).is_some()
    }
}

fn digest(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret()).into()
}
