//! Who holds a token: asked of the store at most every 750 ms a token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use secrecy::SecretString;

use crate::clock::Clock;
use crate::graph::{Credentials, Errand};
use crate::limits::{Share, Shares};
use crate::metrics::{Lookup, Tokens};
use crate::model::{Account, GraphId, TokenDigest};
use crate::store::{Accounts, Cause, StoreError};

/// A revoked token stops within a second everywhere: this age, plus the time of one request.
const MAX_AGE: Duration = Duration::from_millis(750);
const MOST_TOKENS: usize = 16_384;

/// An account that can call Graph.
#[derive(Debug)]
pub struct Caller {
    pub account: Account,
    pub waba_id: GraphId,
    /// What it may take up of what all share.
    pub share: Arc<Share>,
    meta_token: SecretString,
}

/// What the store says of a token.
#[derive(Clone, Debug)]
pub enum Found {
    Nobody,
    /// No WhatsApp account is linked, or it has no Meta token.
    NoWhatsApp,
    Caller(Arc<Caller>),
}

/// The cache of [`Found`], shared by all requests.
pub struct Callers {
    accounts: Arc<dyn Accounts>,
    clock: Clock,
    shares: Shares,
    cache: Cache<TokenDigest, Remembered>,
    /// Tokens that were somebody's when they were last asked about.
    genuine: Cache<TokenDigest, ()>,
    metrics: Tokens,
}

#[derive(Clone)]
struct Remembered {
    asked: Instant,
    /// That the store is away is an answer to those who wait for one, and to nobody else.
    found: Result<Found, Cause>,
}

impl Caller {
    #[must_use]
    pub fn credentials(&self, errand: Errand) -> Credentials<'_> {
        Credentials::new(&self.account.id, &self.meta_token, errand)
    }

    fn of(account: Account, shares: &Shares) -> Found {
        let linked = account.whatsapp.as_ref();
        let access =
            linked.and_then(|linked| Some((linked.waba_id.clone(), linked.meta_token.clone()?)));
        match access {
            Some((waba_id, meta_token)) => {
                let share = shares.of(&account.id);
                Found::Caller(Arc::new(Self { account, waba_id, share, meta_token }))
            }
            None => Found::NoWhatsApp,
        }
    }
}

impl Remembered {
    /// Whether it may still be told. That the store is away is told to those who wait alone.
    fn is_current(&self) -> bool {
        self.found.is_ok() && self.asked.elapsed() < MAX_AGE
    }
}

impl Callers {
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>, clock: Clock, shares: Shares, metrics: Tokens) -> Self {
        let (cache, genuine) = (Cache::new(MOST_TOKENS), Cache::new(MOST_TOKENS));
        Self { accounts, clock, shares, cache, genuine, metrics }
    }

    /// Who holds the token, if that is known without asking the store.
    #[must_use]
    pub fn known(&self, digest: &TokenDigest) -> Option<Found> {
        let known = self.cache.get(digest).filter(Remembered::is_current)?;
        self.metrics.looked_up(Lookup::Hit);
        known.found.ok()
    }

    /// Whether the token was somebody's when the store was last asked about it.
    #[must_use]
    pub fn was_genuine(&self, digest: &TokenDigest) -> bool {
        self.genuine.get(digest).is_some()
    }

    /// Who holds the token with this digest. Of many requests at once, one asks the store.
    ///
    /// # Errors
    /// When the store fails. Whoever asks after that asks the store anew.
    pub async fn find(&self, digest: &TokenDigest) -> Result<Found, StoreError> {
        if let Some(found) = self.known(digest) {
            return Ok(found);
        }
        self.cache.remove_if(digest, |cached| !cached.is_current());
        self.metrics.looked_up(Lookup::Miss);
        let asked = self.cache.get_or_insert_async(digest, self.ask(digest)).await;
        asked?.found.map_err(StoreError::Unavailable)
    }

    async fn ask(&self, digest: &TokenDigest) -> Result<Remembered, StoreError> {
        // Taken before the question: the answer is at least this old.
        let asked = Instant::now();
        let account = match self.accounts.account_by_token(digest, self.clock.now()).await {
            Ok(account) => account,
            // All who wait are told; if each asked in turn, the last would wait for ever.
            Err(StoreError::Unavailable(cause)) => {
                return Ok(Remembered { asked, found: Err(cause) });
            }
            Err(error) => return Err(error),
        };
        let is_somebodys = account.is_some();
        let found = match account {
            Some(account) if !account.suspended => Ok(Caller::of(account, &self.shares)),
            _ => Ok(Found::Nobody),
        };
        if is_somebodys {
            self.genuine.insert(*digest, ());
        } else {
            self.genuine.remove(digest);
        }
        Ok(Remembered { asked, found })
    }
}
