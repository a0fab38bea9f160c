//! One commit for all who want to write at the same time. While a group is being committed the
//! next one gathers; nobody waits for company that is not there yet.

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

/// Jobs of one kind that wait for their turn.
pub(super) struct CommitGroups<J, A> {
    waiting: Mutex<Vec<Waiting<J, A>>>,
    numbers: AtomicU64,
    turns: Semaphore,
    timeout: Duration,
}

impl<J, A> CommitGroups<J, A> {
    /// At most so many groups are under way at once. Whoever joins gives up after `timeout`.
    pub(super) fn new(at_once: usize, timeout: Duration) -> Self {
        Self {
            waiting: Mutex::default(),
            numbers: AtomicU64::default(),
            turns: Semaphore::new(at_once),
            timeout,
        }
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
        Some(waiting.drain(..most).collect())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting<J, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets those come along who are ready to, so that a commit is shared by more: it gives way as
    /// often as somebody comes of it, and waits for nobody else.
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::sync::Notify;

    use futures_util::future::join_all;

    use super::{CommitGroups, Done, MOST};
    use crate::store::{Cause, StoreError};

    type Groups = CommitGroups<u32, u32>;

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn damaged() -> StoreError {
        StoreError::Damaged
    }

    /// A first group that is under way until somebody says so, and what was committed.
    #[derive(Default)]
    struct Slow {
        committed: Mutex<Vec<Vec<u32>>>,
        under_way: Notify,
        may_end: Notify,
    }

    impl Slow {
        async fn commit(&self, jobs: Vec<u32>) -> (Vec<u32>, Done<u32>) {
            self.committed.lock().unwrap().push(jobs.clone());
            if jobs.contains(&1) {
                self.under_way.notify_one();
                self.may_end.notified().await;
            }
            let done = jobs.iter().map(|job| Ok(job * 10)).collect();
            (jobs, Ok(done))
        }
    }

    #[tokio::test]
    async fn who_is_ready_comes_along_and_who_comes_later_is_in_the_next_group() {
        let (groups, slow) = (Groups::new(1, TIMEOUT), Slow::default());
        let commit = |jobs| slow.commit(jobs);
        let join = async |job| groups.join(job, &commit).await.unwrap();
        let later = async {
            slow.under_way.notified().await;
            let end = async { slow.may_end.notify_one() };
            tokio::join!(join(3), join(4), end)
        };
        assert_eq!(tokio::join!(join(1), join(2), later), (10, 20, (30, 40, ())));
        assert_eq!(*slow.committed.lock().unwrap(), [vec![1, 2], vec![3, 4]]);
    }

    #[tokio::test]
    async fn as_many_groups_as_may_be_are_under_way_at_once() {
        let (groups, slow) = (Groups::new(2, TIMEOUT), Slow::default());
        let commit = |jobs| slow.commit(jobs);
        let join = async |job| groups.join(job, &commit).await.unwrap();
        let beside = async {
            slow.under_way.notified().await;
            // Done while the first one is not.
            let told = tokio::join!(join(2), join(3));
            slow.may_end.notify_one();
            told
        };
        assert_eq!(tokio::join!(join(1), beside), (10, (20, 30)));
        assert_eq!(*slow.committed.lock().unwrap(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test]
    async fn of_too_many_for_one_group_all_are_done_those_first_who_came_first() {
        for at_once in [1, 3] {
            let groups = Groups::new(at_once, TIMEOUT);
            let committed = Mutex::new(Vec::new());
            let commit = |jobs: Vec<u32>| async {
                committed.lock().unwrap().push(jobs.clone());
                tokio::task::yield_now().await;
                let done = jobs.iter().map(|job| Ok(*job)).collect();
                (jobs, Ok(done))
            };
            let all: Vec<_> = (0..200).collect();
            let told = join_all(all.iter().map(|job| groups.join(*job, &commit))).await;
            let told: Vec<_> = told.into_iter().map(|told| told.unwrap()).collect();
            assert_eq!(told, all);
            let committed = committed.into_inner().unwrap();
            assert!(committed.iter().all(|group| group.len() <= MOST), "{committed:?}");
            assert_eq!(committed.concat(), all);
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_keeps_nobody_out() {
        let groups = Groups::new(1, TIMEOUT);
        let commit = |jobs: Vec<u32>| async {
            tokio::task::yield_now().await;
            let bad = jobs.contains(&2);
            let done = jobs.iter().map(|job| Ok(*job)).collect();
            (jobs, if bad { Err(damaged()) } else { Ok(done) })
        };
        let join = async |job| groups.join(job, &commit).await.ok();
        let told = tokio::join!(join(1), join(2), join(3), join(4));
        assert_eq!(told, (Some(1), None, Some(3), Some(4)));
    }

    #[tokio::test]
    async fn that_the_database_is_away_is_told_to_all_at_once() {
        let groups = Groups::new(1, TIMEOUT);
        let tries = Mutex::new(0);
        let commit = |jobs: Vec<u32>| {
            *tries.lock().unwrap() += 1;
            async {
                tokio::task::yield_now().await;
                (jobs, Err(StoreError::Unavailable(Cause::unreadable("anything"))))
            }
        };
        let join = async |job| groups.join(job, &commit).await.is_err();
        assert_eq!(tokio::join!(join(1), join(2), join(3)), (true, true, true));
        assert_eq!(*tries.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn who_has_given_up_is_left_out_and_a_group_given_up_on_is_told_so() {
        let groups = Groups::new(1, TIMEOUT);
        let slow = Slow::default();
        let endless = |jobs| slow.commit(jobs);
        let quick = |jobs: Vec<u32>| async {
            let done = jobs.iter().map(|job| Ok(*job)).collect();
            (jobs, Ok(done))
        };
        let mut first = Box::pin(groups.join(1, &endless));
        tokio::select! {
            _ = &mut first => panic!("it has no end"),
            () = slow.under_way.notified() => {}
        }
        let mut second = Box::pin(groups.join(2, &quick));
        let mut third = Box::pin(groups.join(3, &quick));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it is not its turn"),
            _ = &mut third => panic!("it is not its turn"),
            () = tokio::task::yield_now() => {}
        }
        drop(second);
        drop(first);
        assert_eq!(third.await.unwrap(), 3);
    }
}
