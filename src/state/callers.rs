//! Who holds a token. Every 750 ms the store is asked whether any account was changed; it is asked
//! about a token only when that is so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use secrecy::SecretString;

use super::answers::Answers;
use crate::clock::Clock;
use crate::graph::{Credentials, Errand};
use crate::limits::{Share, Shares};
use crate::metrics::{Lookup, Tokens};
use crate::model::{Account, GraphId, Timestamp, TokenDigest};
use crate::store::{Accounts, StoreError, TokenHolder};

/// A revoked token stops within a second everywhere: this long nobody asks whether anything was
/// changed, plus the time of one request.
const UNCHANGED_FOR: Duration = Duration::from_millis(750);
/// What somebody writes into the database past the gateway counts after this long.
const MAX_AGE: Duration = Duration::from_secs(60);
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
    /// The latest number of [`Accounts::account_changes`].
    changes: Answers<(), i64>,
    tokens: Answers<TokenDigest, Holder>,
    /// Tokens that were somebody's when they were last asked about.
    genuine: Cache<TokenDigest, ()>,
    metrics: Tokens,
}

#[derive(Clone)]
struct Holder {
    found: Found,
    /// The number of changes that was known when the store was asked; it knew of these and may
    /// have known of more.
    changes: i64,
    token_ends_at: Option<Timestamp>,
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

impl Callers {
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>, clock: Clock, shares: Shares, metrics: Tokens) -> Self {
        let (changes, tokens) = (Answers::new(1), Answers::new(MOST_TOKENS));
        let genuine = Cache::new(MOST_TOKENS);
        Self { accounts, clock, shares, changes, tokens, genuine, metrics }
    }

    /// Who holds the token, if that is known without asking the store.
    #[must_use]
    pub fn known(&self, digest: &TokenDigest) -> Option<Found> {
        self.held(digest, self.changes.known(&(), is_recent)?)
    }

    /// The same, where so many changes are known.
    fn held(&self, digest: &TokenDigest, changes: i64) -> Option<Found> {
        let holder =
            self.tokens.known(digest, |holder, asked| self.holds(holder, asked, changes))?;
        self.metrics.looked_up(Lookup::Hit);
        Some(holder.found)
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
        let changes = self.changes.find(&(), is_recent, self.accounts.account_changes()).await?;
        if let Some(found) = self.held(digest, changes) {
            return Ok(found);
        }
        self.metrics.looked_up(Lookup::Miss);
        let holds = |holder: &Holder, asked| self.holds(holder, asked, changes);
        let holder = self.tokens.find(digest, holds, self.ask(digest, changes)).await?;
        Ok(holder.found)
    }

    /// Whether the answer about a token still holds, after so many changes.
    fn holds(&self, holder: &Holder, asked: Instant, changes: i64) -> bool {
        holder.changes == changes
            && asked.elapsed() < MAX_AGE
            && holder.token_ends_at.is_none_or(|ends_at| ends_at > self.clock.now())
    }

    async fn ask(&self, digest: &TokenDigest, changes: i64) -> Result<Holder, StoreError> {
        let holder = self.accounts.account_by_token(digest, self.clock.now()).await?;
        match holder {
            Some(_) => self.genuine.insert(*digest, ()),
            None => drop(self.genuine.remove(digest)),
        }
        let token_ends_at = holder.as_ref().and_then(|holder| holder.token_ends_at);
        let found = match holder {
            Some(TokenHolder { account, .. }) if !account.suspended => {
                Caller::of(account, &self.shares)
            }
            _ => Found::Nobody,
        };
        Ok(Holder { found, changes, token_ends_at })
    }
}

fn is_recent(_: &i64, asked: Instant) -> bool {
    asked.elapsed() < UNCHANGED_FOR
}
