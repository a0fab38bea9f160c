//! What the store answered, for as long as it may be told again.

use std::borrow::Borrow;
use std::hash::Hash;
use std::time::Instant;

use quick_cache::sync::Cache;

use crate::store::{Cause, StoreError};

/// Answers to questions `Q`. Of many who ask one question at once, one asks the store.
pub(super) struct Answers<Q, A>(Cache<Q, Told<A>>);

/// An answer, and when it was asked for.
#[derive(Clone)]
struct Told<A> {
    asked: Instant,
    /// That the store is away is an answer to those who wait for one, and to nobody else.
    answer: Result<A, Cause>,
}

impl<Q: Eq + Hash, A: Clone> Answers<Q, A> {
    /// For at most `most` questions.
    pub(super) fn new(most: usize) -> Self {
        Self(Cache::new(most))
    }

    /// The answer, if there is one that may still be told.
    pub(super) fn known<P>(
        &self,
        question: &P,
        is_current: impl FnOnce(&A, Instant) -> bool,
    ) -> Option<A>
    where
        Q: Borrow<P>,
        P: Eq + Hash + ?Sized,
    {
        let Told { asked, answer } = self.0.get(question)?;
        answer.ok().filter(|answer| is_current(answer, asked))
    }

    /// The answer, after asking the store if there is none that may still be told.
    ///
    /// # Errors
    /// When the store fails. Whoever asks after that asks the store anew.
    pub(super) async fn find<P>(
        &self,
        question: &P,
        is_current: impl Fn(&A, Instant) -> bool,
        ask: impl Future<Output = Result<A, StoreError>>,
    ) -> Result<A, StoreError>
    where
        Q: Borrow<P>,
        P: Eq + Hash + ToOwned<Owned = Q> + ?Sized,
    {
        let is_old = |told: &Told<A>| {
            !told.answer.as_ref().is_ok_and(|answer| is_current(answer, told.asked))
        };
        self.0.remove_if(question, is_old);
        let told = self.0.get_or_insert_async(question, Told::of(ask)).await;
        told?.answer.map_err(StoreError::Unavailable)
    }
}

impl<A> Told<A> {
    async fn of(ask: impl Future<Output = Result<A, StoreError>>) -> Result<Self, StoreError> {
        // Taken before the question: the answer is at least this old.
        let asked = Instant::now();
        match ask.await {
            Ok(answer) => Ok(Self { asked, answer: Ok(answer) }),
            // All who wait are told; if each asked in turn, the last would wait for ever.
            Err(StoreError::Unavailable(cause)) => Ok(Self { asked, answer: Err(cause) }),
            Err(error) => Err(error),
        }
    }
}
