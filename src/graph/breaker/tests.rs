use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::{Admission, Breaker, Change, Rules, Verdict};

const RULES: Rules =
    Rules { in_a_row: 10, open: Duration::from_secs(5), longest: Duration::from_secs(15) };

/// A breaker, and a clock that moves when it is told to.
struct Tried {
    breaker: Breaker,
    now: Instant,
}

impl Tried {
    fn new() -> Self {
        let now = Instant::now();
        Self { breaker: Breaker::new(RULES, now), now }
    }

    fn open() -> Self {
        let tried = Self::new();
        for _ in 0..9 {
            assert_eq!(tried.call(Verdict::Failed), None);
        }
        assert_eq!(tried.call(Verdict::Failed), Some(Change::Opened));
        tried
    }

    fn wait(&mut self, millis: u64) -> &Self {
        self.now += Duration::from_millis(millis);
        self
    }

    fn admit(&self) -> Result<Admission, Duration> {
        self.breaker.admit(self.now)
    }

    fn call(&self, verdict: Verdict) -> Option<Change> {
        let admission = self.admit().expect("it lets a call through");
        self.breaker.note(admission, verdict, self.now)
    }

    fn left(&self) -> Duration {
        self.admit().expect_err("it refuses")
    }
}

#[test]
fn ten_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let mut tried = Tried::new();
    for _ in 0..3 {
        for _ in 0..9 {
            assert_eq!(tried.call(Verdict::Failed), None);
        }
        assert_eq!(tried.call(Verdict::Well), None);
        tried.wait(10_000);
    }
    assert!(!tried.breaker.refuses(tried.now));
    let tried = Tried::open();
    assert!(tried.breaker.refuses(tried.now));
    assert_eq!(tried.left(), Duration::from_secs(5));
}

#[test]
fn half_of_twenty_within_ten_seconds_open_it() {
    let mut tried = Tried::new();
    for _ in 0..9 {
        assert_eq!(tried.wait(500).call(Verdict::Well), None);
        assert_eq!(tried.call(Verdict::Failed), None);
    }
    assert_eq!(tried.call(Verdict::Well), None);
    assert_eq!(tried.call(Verdict::Failed), Some(Change::Opened));
}

#[test]
fn less_than_half_or_fewer_than_twenty_or_a_longer_time_do_not() {
    let tried = Tried::new();
    // 9 of 19.
    assert_eq!(tried.call(Verdict::Well), None);
    for _ in 0..9 {
        assert_eq!(tried.call(Verdict::Well), None);
        assert_eq!(tried.call(Verdict::Failed), None);
    }
    // 49 of 100.
    let tried = Tried::new();
    assert_eq!((tried.call(Verdict::Well), tried.call(Verdict::Well)), (None, None));
    for _ in 0..49 {
        assert_eq!(tried.call(Verdict::Well), None);
        assert_eq!(tried.call(Verdict::Failed), None);
    }
    // Half, but never twenty of them within ten seconds.
    let mut tried = Tried::new();
    for _ in 0..50 {
        assert_eq!(tried.wait(600).call(Verdict::Well), None);
        assert_eq!(tried.wait(600).call(Verdict::Failed), None);
    }
}

#[test]
fn what_tells_nothing_counts_for_nothing() {
    let tried = Tried::new();
    for _ in 0..9 {
        assert_eq!(tried.call(Verdict::Failed), None);
    }
    for _ in 0..30 {
        assert_eq!(tried.call(Verdict::Nothing), None);
    }
    assert_eq!(tried.call(Verdict::Failed), Some(Change::Opened));
}

#[test]
fn when_its_time_is_over_one_call_is_let_through_and_the_others_are_not() {
    let mut tried = Tried::open();
    assert_eq!(tried.wait(4_999).left(), Duration::from_millis(1));
    assert_eq!(tried.wait(1).admit(), Ok(Admission::Probe));
    assert_eq!(tried.left(), Duration::ZERO);
    assert_eq!(tried.wait(60_000).left(), Duration::ZERO);
    assert!(tried.breaker.refuses(tried.now));
    let closed = tried.breaker.note(Admission::Probe, Verdict::Well, tried.now);
    assert_eq!(closed, Some(Change::Closed));
    assert!(!tried.breaker.refuses(tried.now));
    assert!(matches!(tried.admit(), Ok(Admission::Free { .. })));
}

#[test]
fn each_probe_that_fails_doubles_the_time_up_to_the_longest_and_a_success_resets_it() {
    let mut tried = Tried::open();
    for seconds in [5, 10, 15, 15, 15] {
        assert_eq!(tried.left(), Duration::from_secs(seconds));
        // It has been open all along: that is no news.
        assert_eq!(tried.wait(seconds * 1_000).call(Verdict::Failed), None);
    }
    assert_eq!(tried.wait(15_000).call(Verdict::Well), Some(Change::Closed));
    // It starts anew: what failed before it opened is forgotten.
    for _ in 0..9 {
        assert_eq!(tried.call(Verdict::Failed), None);
    }
    assert_eq!(tried.call(Verdict::Failed), Some(Change::Opened));
    assert_eq!(tried.left(), Duration::from_secs(5));
}

#[test]
fn a_probe_that_is_cut_off_leaves_the_next_call_as_the_probe() {
    let mut tried = Tried::open();
    let probe = tried.wait(5_000).admit().unwrap();
    tried.breaker.give_back(probe);
    assert!(!tried.breaker.refuses(tried.now));
    assert_eq!(tried.call(Verdict::Nothing), None);
    assert_eq!(tried.call(Verdict::Failed), None);
    assert_eq!(tried.left(), Duration::from_secs(10));
}

#[test]
fn what_was_under_way_when_it_opened_changes_nothing_any_more() {
    let mut tried = Tried::new();
    let early: Vec<_> = (0..30).map(|_| tried.admit().unwrap()).collect();
    for _ in 0..10 {
        tried.call(Verdict::Failed);
    }
    let now = tried.now;
    assert_eq!(tried.breaker.note(early[0], Verdict::Well, now), None);
    assert_eq!(tried.breaker.note(early[1], Verdict::Failed, now), None);
    assert_eq!(tried.left(), Duration::from_secs(5));
    assert_eq!(tried.wait(5_000).call(Verdict::Well), Some(Change::Closed));
    // Nor when it has closed again.
    let now = tried.now;
    for late in &early[2..] {
        assert_eq!(tried.breaker.note(*late, Verdict::Failed, now), None);
    }
    assert!(!tried.breaker.refuses(now));
}

#[test]
fn of_many_threads_one_opens_it_and_one_probes() {
    const THREADS: usize = 8;
    let breaker = Breaker::new(RULES, Instant::now());
    let start = Barrier::new(THREADS);
    let now = Instant::now();
    let all = |act: &(dyn Fn() -> usize + Sync)| -> usize {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        act()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    };
    let opened = all(&|| {
        let fail = || breaker.note(breaker.admit(now).ok()?, Verdict::Failed, now);
        (0..100).filter(|_| fail() == Some(Change::Opened)).count()
    });
    assert_eq!(opened, 1);
    let later = now + Duration::from_secs(5);
    let probes = all(&|| (0..100).filter(|_| breaker.admit(later) == Ok(Admission::Probe)).count());
    assert_eq!(probes, 1);
}

#[test]
fn one_that_opens_for_no_time_never_opens() {
    let now = Instant::now();
    let breaker = Breaker::new(Rules { open: Duration::ZERO, ..RULES }, now);
    for _ in 0..100 {
        let admission = breaker.admit(now).unwrap();
        assert_eq!(breaker.note(admission, Verdict::Failed, now), None);
    }
}
