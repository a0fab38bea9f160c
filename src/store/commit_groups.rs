//! One commit for all who want to write at the same time. While a group is being committed the
//! next one gathers; nobody waits for company that is not there yet.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::yield_now;

use super::{Cause, StoreError};

/// What came of each of a group, in its order; or of none of them.
pub(super) type Done<A> = Result<Vec<Result<A, StoreError>>, StoreError>;

struct Waiting<J, A> {
    number: u64,
    job: J,
    tell: oneshot::Sender<Result<A, StoreError>>,
}

/// The most in a group. With so many it costs each about as little as it can, and others who want
/// to write need not wait for long.
const MOST: usize = 64;

/// Jobs that wait for their turn.
pub(super) struct CommitGroups<J, A> {
    waiting: Mutex<Vec<Waiting<J, A>>>,
    numbers: AtomicU64,
    turns: Semaphore,
    timeout: Duration,
    goes_first: fn(&J) -> bool,
}

impl<J, A> CommitGroups<J, A> {
    /// At most so many groups are under way at once. Whoever joins gives up after `timeout`.
    pub(super) fn new(at_once: usize, timeout: Duration) -> Self {
        Self {
            waiting: Mutex::default(),
            numbers: AtomicU64::default(),
            turns: Semaphore::new(at_once),
            timeout,
            goes_first: |_| false,
        }
    }

    /// Where more wait than a group takes, these go before those that came earlier.
    pub(super) fn first(self, goes_first: fn(&J) -> bool) -> Self {
        Self { goes_first, ..self }
    }

    /// Has the job done, with those that wait beside it: by whoever comes to the turn first, in a
    /// transaction of the whole group. It is late if they have given up. What `commit` does is to be
    /// boxed: all who wait carry the room for it, and one of them needs it.
    pub(super) async fn join<W>(
        &self,
        job: J,
        commit: impl Fn(Vec<J>) -> W + Send,
    ) -> Result<A, StoreError>
    where
        W: Future<Output = (Vec<J>, Done<A>)> + Send,
        J: Send,
        A: Send,
    {
        let (tell, mut told) = oneshot::channel();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.waiting().push(Waiting { number, job, tell });
        loop {
            let turn = tokio::select! {
                biased;
                told = &mut told => return self.or_late(told),
                turn = self.turns.acquire() => turn,
            };
            self.gather().await;
            let Some(group) = self.next_group(number) else {
                drop(turn);
                return self.or_late(told.await);
            };
            let group = group.into_iter().map(|waiting| (waiting.job, waiting.tell));
            let (jobs, callers): (Vec<_>, Vec<_>) = group.unzip();
            commit_all(jobs, callers, &commit).await;
            // Those who came first go first: with very many, that was not our own group.
        }
    }

    fn or_late(&self, told: Result<Result<A, StoreError>, RecvError>) -> Result<A, StoreError> {
        told.unwrap_or_else(|_| Err(StoreError::Unavailable(Cause::late(self.timeout))))
    }

    /// `None` if this job is in somebody else's hands by now: those who still wait have somebody
    /// who waits for a turn, too.
    fn next_group(&self, number: u64) -> Option<Vec<Waiting<J, A>>> {
        let mut waiting = self.waiting();
        if waiting.iter().all(|waiting| waiting.number != number) {
            return None;
        }
        // Whoever has been told that it came to nothing must be right.
        waiting.retain(|waiting| !waiting.tell.is_closed());
        let most = waiting.len().min(MOST);
        if most < waiting.len() {
            waiting.sort_by_key(|waiting| !(self.goes_first)(&waiting.job));
        }
        Some(waiting.drain(..most).collect())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting<J, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets those come along who are ready to, so that a commit is shared by more: it gives way as
    /// often as somebody comes of it, and waits for nobody else. Posts of Meta's come to 43 a commit, and
    /// to 31 without it.
    async fn gather(&self) {
        let mut before = 0;
        loop {
            let now = self.waiting().len();
            if now <= before || now >= MOST {
                return;
            }
            before = now;
            yield_now().await;
        }
    }
}

/// What came of each of so many, told by the places of those of which it is true.
pub(super) fn each(
    of: usize,
    places: impl IntoIterator<Item = usize>,
) -> Vec<Result<bool, StoreError>> {
    let mut each: Vec<_> = (0..of).map(|_| Ok(false)).collect();
    for place in places {
        if let Some(answer) = each.get_mut(place) {
            *answer = Ok(true);
        }
    }
    each
}

/// One that cannot be written, or has to wait, must not keep the others out: then each is tried
/// alone, unless the database is away for all of them.
async fn commit_all<J, A, W>(
    jobs: Vec<J>,
    callers: Vec<oneshot::Sender<Result<A, StoreError>>>,
    commit: &(impl Fn(Vec<J>) -> W + Send),
) where
    W: Future<Output = (Vec<J>, Done<A>)> + Send,
{
    let alone = jobs.len() == 1;
    match commit(jobs).await {
        (_, Ok(done)) => tell_all(callers, done),
        (_, Err(StoreError::Unavailable(cause))) if !cause.is_of_a_lock() => {
            let away = callers.iter().map(|_| Err(StoreError::Unavailable(cause.clone())));
            let away: Vec<_> = away.collect();
            tell_all(callers, away);
        }
        (_, Err(error)) if alone => tell_all(callers, vec![Err(error)]),
        (jobs, Err(_)) => {
            for (job, caller) in jobs.into_iter().zip(callers) {
                let done = match commit(vec![job]).await {
                    (_, Ok(done)) => done,
                    (_, Err(error)) => vec![Err(error)],
                };
                tell_all(vec![caller], done);
            }
        }
    }
}

fn tell_all<A>(
    callers: Vec<oneshot::Sender<Result<A, StoreError>>>,
    done: Vec<Result<A, StoreError>>,
) {
    for (caller, done) in callers.into_iter().zip(done) {
        // Somebody who has gone meanwhile has given up on the answer.
        let _gone = caller.send(done);
    }
}
