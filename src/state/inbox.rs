//! Hands Meta's posts to the store, many at once: while one group is being committed the next one
//! gathers, so that a commit is shared by all who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

use super::answers::Answers;
use crate::config::MetaSettings;
use crate::metrics;
use crate::store::{InboundPost, InboundRoute, Store, StoreError};

/// Posts in one commit, and posts that wait for theirs.
const GROUP: usize = 64;
const WAITING: usize = 1024;
/// A change of an account's webhook settings counts within a second.
const MAX_AGE: Duration = Duration::from_millis(750);
const MOST_ROUTES: usize = 16_384;

type Waiting = (InboundPost, oneshot::Sender<bool>);

/// Where posts of Meta's go in; clones share the one writer.
#[derive(Clone)]
pub struct Inbox {
    store: Store,
    settings: Arc<(Vec<SecretString>, Option<SecretString>)>,
    routes: Arc<Answers<String, Arc<[InboundRoute]>>>,
    queue: mpsc::Sender<Waiting>,
    /// Those that are being committed.
    in_hand: Arc<AtomicUsize>,
}

/// The one that commits.
struct Writer {
    store: Store,
    metrics: metrics::Inbound,
    in_hand: Arc<AtomicUsize>,
}

impl Inbox {
    #[must_use]
    pub fn start(store: Store, settings: MetaSettings, metrics: metrics::Inbound) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        let in_hand = Arc::<AtomicUsize>::default();
        let writer = Writer { store: store.clone(), metrics, in_hand: Arc::clone(&in_hand) };
        tokio::spawn(writer.commit_groups(waiting));
        let secrets = settings.app_secrets.into_iter().map(|secret| secret.0).collect();
        let settings = Arc::new((secrets, settings.verify_token.map(|secret| secret.0)));
        let routes = Arc::new(Answers::new(MOST_ROUTES));
        Self { store, settings, routes, queue, in_hand }
    }

    /// How many posts are not stored yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let queued = self.queue.max_capacity() - self.queue.capacity();
        queued + self.in_hand.load(Ordering::Relaxed)
    }

    /// The secrets of Meta's app: two while one is being rotated out.
    #[must_use]
    pub fn app_secrets(&self) -> &[SecretString] {
        &self.settings.0
    }

    #[must_use]
    pub fn verify_token(&self) -> Option<&SecretString> {
        self.settings.1.as_ref()
    }

    /// The accounts behind a phone number id or a WABA id. Of many posts at once, one asks.
    ///
    /// # Errors
    /// When the store fails. Whoever asks after that asks the store anew.
    pub async fn routes(&self, id: &str) -> Result<Arc<[InboundRoute]>, StoreError> {
        let ask = async {
            let ids = [id.to_owned()];
            self.store.inbound_routes(&ids, &ids).await.map(Arc::from)
        };
        let is_recent = |_: &Arc<_>, asked: Instant| asked.elapsed() < MAX_AGE;
        if let Some(known) = self.routes.known(id, is_recent) {
            return Ok(known);
        }
        self.routes.find(id, is_recent, ask).await
    }

    /// Waits until the post is stored for good. `false` if it is not: Meta must send it again.
    pub async fn take_in(&self, post: InboundPost) -> bool {
        let (done, stored) = oneshot::channel();
        self.queue.send((post, done)).await.is_ok() && stored.await.unwrap_or(false)
    }
}

/// Lets those come along who are ready to, so that a commit is shared by more: it gives way as often
/// as somebody comes of it, and waits for nobody else.
async fn gather(waiting: &mut mpsc::Receiver<Waiting>, group: &mut Vec<Waiting>) {
    let mut before = 0;
    while before < group.len() && group.len() < GROUP {
        before = group.len();
        yield_now().await;
        let ready = std::iter::from_fn(|| waiting.try_recv().ok());
        group.extend(ready.take(GROUP - before));
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inbox")
    }
}

impl Writer {
    async fn commit_groups(self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut group = Vec::with_capacity(GROUP);
        while waiting.recv_many(&mut group, GROUP).await > 0 {
            self.in_hand.store(group.len(), Ordering::Relaxed);
            gather(&mut waiting, &mut group).await;
            self.in_hand.store(group.len(), Ordering::Relaxed);
            let (posts, mut callers): (Vec<_>, Vec<_>) = group.drain(..).unzip();
            let stored = self.commit(&posts).await.unwrap_or_else(|| {
                // Whoever waits behind them would only wait longer for the same.
                let behind = std::iter::from_fn(|| waiting.try_recv().ok());
                callers.extend(behind.map(|(_, caller)| caller));
                vec![false; callers.len()]
            });
            self.in_hand.store(0, Ordering::Relaxed);
            for (caller, stored) in callers.into_iter().zip(stored) {
                // A caller that has gone does not matter: Meta sends it again, and it is known
                // then.
                caller.send(stored).unwrap_or_default();
            }
        }
    }

    /// Which of the posts are stored. One that cannot be must not keep the others out. `None` if
    /// the store is away.
    async fn commit(&self, posts: &[InboundPost]) -> Option<Vec<bool>> {
        let Err(error) = self.take_in(posts).await else { return Some(vec![true; posts.len()]) };
        tracing::error!(%error, posts = posts.len(), "posts of Meta's could not be stored");
        if matches!(error, StoreError::Unavailable(_)) {
            return None;
        }
        if posts.len() == 1 {
            return Some(vec![false]);
        }
        let mut stored = Vec::with_capacity(posts.len());
        for post in posts {
            stored.push(self.take_in(std::slice::from_ref(post)).await.is_ok());
        }
        Some(stored)
    }

    async fn take_in(&self, posts: &[InboundPost]) -> Result<(), StoreError> {
        let taken = self.store.take_in(posts).await?;
        self.metrics.took_in(&taken.arrivals, taken.repeats, &taken.events);
        Ok(())
    }
}
