//! The load: closed loop (each connection asks again when it has its answer) and open loop (so many
//! a second, whatever the answers do).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{LocalSet, yield_now};
use tokio::time::Instant;

use crate::http::Connection;

/// What came of a turn.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Answers with the status that was wanted.
    pub answered: u64,
    /// Everything else: another status, or no answer.
    pub failed: u64,
    pub took: Duration,
    /// In microseconds, sorted.
    pub latencies: Vec<u32>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    pub fn percentile(&self, part: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = (last as f64 * part) as usize;
        f64::from(self.latencies.get(at).copied().unwrap_or_default())
    }
}

/// Where to, and what: the requests are sent in turn.
#[derive(Clone)]
pub struct Target {
    pub port: u16,
    pub requests: Rc<dyn Fn(u64) -> Rc<[u8]>>,
}

impl Target {
    /// The same bytes each time.
    pub fn always(port: u16, request: Vec<u8>) -> Self {
        let request: Rc<[u8]> = request.into();
        Self { port, requests: Rc::new(move |_| Rc::clone(&request)) }
    }
}

#[derive(Default)]
struct Tally {
    next: Cell<u64>,
    answered: Cell<u64>,
    failed: Cell<u64>,
    latencies: RefCell<Vec<u32>>,
}

impl Tally {
    fn take(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn note(&self, asked: Instant, status: anyhow::Result<u16>) -> bool {
        let ok = matches!(status, Ok(200));
        let count = if ok { &self.answered } else { &self.failed };
        count.set(count.get() + 1);
        let micros = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.latencies.borrow_mut().push(micros);
        status.is_ok()
    }

    fn outcome(&self, took: Duration) -> Outcome {
        let mut latencies = self.latencies.take();
        latencies.sort_unstable();
        Outcome { answered: self.answered.get(), failed: self.failed.get(), took, latencies }
    }
}

/// Waits for the work without ever letting this core fall asleep. On a virtual machine waking it
/// costs the peer more than the answer that it is woken for; a fast peer never finds it asleep, so
/// the slower a peer is the more it would pay, for nothing of its own.
pub async fn wide_awake<T>(work: impl Future<Output = T>) -> T {
    let spinning = async {
        loop {
            yield_now().await;
        }
    };
    tokio::select! {
        done = work => done,
        never = spinning => never,
    }
}

/// As many connections to a peer.
///
/// # Errors
/// When one of them is refused.
pub async fn connections(port: u16, count: usize) -> anyhow::Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::open(port).await?);
    }
    Ok(connections)
}

/// As many requests as the peer takes on these connections, for so long. Those that still work
/// are there for the next loop.
pub async fn closed_loop(
    target: &Target,
    connections: &mut Vec<Connection>,
    time: Duration,
) -> Outcome {
    let tally = Rc::new(Tally::default());
    let started = Instant::now();
    let end = started + time;
    let tasks = LocalSet::new();
    let kept = Rc::new(RefCell::new(Vec::with_capacity(connections.len())));
    for mut connection in connections.drain(..) {
        let (target, tally, kept) = (target.clone(), Rc::clone(&tally), Rc::clone(&kept));
        tasks.spawn_local(async move {
            while Instant::now() < end {
                let asked = Instant::now();
                let answer = connection.ask(&(target.requests)(tally.take())).await;
                if !tally.note(asked, answer) {
                    return;
                }
            }
            kept.borrow_mut().push(connection);
        });
    }
    wide_awake(tasks).await;
    connections.append(&mut kept.borrow_mut());
    tally.outcome(started.elapsed())
}

/// So many requests a second for so long, each on its own: a timer of tokio's would let those of a
/// millisecond go together, which costs a peer less than it does to be woken for each. A latency
/// counts from when the request was due, so a peer that falls behind cannot hide it.
pub async fn open_loop(
    target: &Target,
    connections: Vec<Connection>,
    per_second: u64,
    time: Duration,
) -> Outcome {
    let tally = Rc::new(Tally::default());
    let due = Rc::new(Semaphore::new(0));
    let all = (per_second as f64 * time.as_secs_f64()) as u64;
    let (callers, started) = (connections.len(), Instant::now());
    let due_at = move |number| started + Duration::from_nanos(number * 1_000_000_000 / per_second);
    let tasks = LocalSet::new();
    for mut connection in connections {
        let (target, tally, due) = (target.clone(), Rc::clone(&tally), Rc::clone(&due));
        tasks.spawn_local(async move {
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                let number = tally.take();
                if number >= all {
                    return;
                }
                let answer = connection.ask(&(target.requests)(number)).await;
                if !tally.note(due_at(number), answer) {
                    return;
                }
            }
        });
    }
    tasks.spawn_local(async move {
        for number in 0..all {
            while Instant::now() < due_at(number) {
                yield_now().await;
            }
            due.add_permits(1);
        }
        // Who waits now sees that no more comes.
        due.add_permits(callers);
    });
    wide_awake(tasks).await;
    tally.outcome(started.elapsed())
}
