//! Clients who send with a key each, and insist until they know what became of it.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::caller::{Answer, Caller, Gone};
use crate::chance::Chance;
use crate::nodes::Addresses;

pub(crate) struct Clients {
    working: tokio::task::JoinHandle<HashMap<String, Settled>>,
    enough: CancellationToken,
}

/// What a client was told in the end.
#[derive(Debug)]
pub(crate) struct Settled {
    /// sent, rejected or unknown
    pub(crate) outcome: String,
    pub(crate) message_id: String,
    pub(crate) text: String,
    /// What there was instead of an answer before, and every 503.
    pub(crate) troubles: Vec<String>,
}

impl Clients {
    /// Key after key, up to so many at once, until they are told that it is enough.
    pub(crate) fn start(
        at_once: usize,
        caller: &Caller,
        nodes: &Addresses,
        chance: &mut Chance,
    ) -> Self {
        let enough = CancellationToken::new();
        let (caller, nodes, chance) = (caller.clone(), nodes.clone(), chance.split());
        let working = tokio::spawn(work(at_once, caller, nodes, chance, enough.clone()));
        Self { working, enough }
    }

    /// Begins nothing more, and waits until all that was begun is settled. By key.
    pub(crate) async fn settle(self) -> HashMap<String, Settled> {
        self.enough.cancel();
        self.working.await.unwrap()
    }
}

async fn work(
    at_once: usize,
    caller: Caller,
    nodes: Addresses,
    mut chance: Chance,
    enough: CancellationToken,
) -> HashMap<String, Settled> {
    let mut running = JoinSet::new();
    let mut settled = HashMap::new();
    for number in 0.. {
        if enough.is_cancelled() {
            break;
        }
        if running.len() >= at_once
            && let Some(one) = running.join_next().await
        {
            settled.extend([one.unwrap()]);
        }
        let key = format!("key-{number}");
        running.spawn(insist(caller.clone(), nodes.clone(), key, chance.split()));
        tokio::time::sleep(chance.millis(0, 8)).await;
    }
    while let Some(one) = running.join_next().await {
        settled.extend([one.unwrap()]);
    }
    settled
}

/// Sends, with the key as the text, wherever a node is up, until the outcome is settled.
pub(crate) async fn insist(
    caller: Caller,
    nodes: Addresses,
    key: String,
    mut chance: Chance,
) -> (String, Settled) {
    let mut troubles = Vec::new();
    loop {
        if let Some(node) = nodes.any(&mut chance) {
            let answered = caller.send(node, &key, Some(&key)).await;
            let answer = answered.as_ref().ok();
            if let Some((answer, outcome)) = answer.and_then(|a| Some((a, outcome(a)?))) {
                let (message_id, text) = (answer.message_id().to_owned(), answer.text.clone());
                return (key, Settled { outcome, message_id, text, troubles });
            }
            if answer.is_none_or(|answer| answer.status == 503) {
                troubles.push(format!("{answered:?}"));
            }
        }
        tokio::time::sleep(chance.millis(5, 60)).await;
    }
}

/// How a send ended; `None` if it is to be tried again under its key.
fn outcome(answer: &Answer) -> Option<String> {
    match answer.status {
        200 => Some("sent".to_owned()),
        409 => {
            assert_eq!(answer.json()["error"], "IDEMPOTENCY_IN_PROGRESS");
            assert_eq!(answer.header("retry-after"), Some("1"));
            None
        }
        503 => {
            answer.says_later();
            None
        }
        500 => {
            let outcome = answer.outcome();
            assert!(["not_sent", "rejected", "unknown"].contains(&outcome.as_str()), "{answer:?}");
            (outcome != "not_sent").then_some(outcome)
        }
        _ => panic!("a wrong answer: {answer:?}"),
    }
}

/// Sends again and again without a key, one at a time, until it is enough. The ids and texts of
/// what was answered with 200; everything else goes to `otherwise`.
pub(crate) async fn send_plainly(
    caller: Caller,
    nodes: Addresses,
    mut chance: Chance,
    name: String,
    enough: CancellationToken,
    otherwise: impl Fn(Result<Answer, Gone>),
) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    for number in 0.. {
        if enough.is_cancelled() {
            break;
        }
        let text = format!("{name}-{number}");
        let Some(node) = nodes.any(&mut chance) else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        match caller.send(node, &text, None).await {
            Ok(answer) if answer.status == 200 => {
                sent.push((answer.message_id().to_owned(), text));
            }
            other => otherwise(other),
        }
        tokio::time::sleep(chance.millis(0, 5)).await;
    }
    sent
}
