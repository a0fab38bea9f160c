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
async fn those_that_go_first_do_so_where_more_wait_than_one_group_takes() {
    let groups = Groups::new(1, TIMEOUT).first(|job| job % 10 == 0);
    let committed = Mutex::new(Vec::new());
    let commit = |jobs: Vec<u32>| async {
        committed.lock().unwrap().push(jobs.clone());
        let done = jobs.iter().map(|job| Ok(*job)).collect();
        (jobs, Ok(done))
    };
    let told = join_all((1..=100).map(|job| groups.join(job, &commit))).await;
    let told: Vec<_> = told.into_iter().map(|told| told.unwrap()).collect();
    assert_eq!(told, (1..=100).collect::<Vec<_>>());
    let committed = committed.into_inner().unwrap();
    let first: Vec<_> =
        (1..=10).map(|ten| ten * 10).chain((1..60).filter(|n| n % 10 != 0)).collect();
    assert_eq!(committed[0], first[..MOST]);
    assert_eq!(committed.iter().map(Vec::len).sum::<usize>(), 100);
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
