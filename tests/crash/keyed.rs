//! Whoever is killed: Graph takes what is sent under a key at most once, and everybody is told
//! the same about it.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use serde_json::json;

use crate::caller::{Answer, Caller, http_client};
use crate::chance::{Chance, rounds};
use crate::eventually;
use crate::graph::Graph;
use crate::harness::{Place, cases};
use crate::load::{Clients, Settled};
use crate::meta;
use crate::nodes::Nodes;
use crate::site::Site;

cases![a_key_is_sent_at_most_once_and_its_answer_stays, of_twenty_requests_at_once_one_is_sent,];

const NUMBER: &str = "106540352242922";
const WAITS: &str = "the end of a send waits for the database";

async fn a_key_is_sent_at_most_once_and_its_answer_stays(place: Place) {
    let mut chance = Chance::of("keyed");
    let graph = Graph::moody(chance.split()).await;
    let mut nodes = Nodes::start(Site::new(&place, graph.url())).await;
    let caller = nodes.site.account("ada", NUMBER).await;
    let clients = Clients::start(16, &caller, nodes.addresses(), &mut chance);
    for _ in 0..rounds() {
        nodes.strike(&mut chance).await;
    }
    let settled = clients.settle().await;

    let unwritten = tell_what_is_unknown(&nodes, &caller, &graph, &settled).await;
    for node in nodes.addresses().all() {
        for (key, end) in &settled {
            let again = caller.send(node, key, Some(key)).await.unwrap();
            end.is_confirmed_by(&again, key, &graph, unwritten.contains(key));
        }
    }

    let accepted = graph.all_accepted();
    let most = accepted.values().map(Vec::len).max().unwrap_or_default();
    let unknown = settled.iter().filter(|(_, end)| end.outcome == "unknown");
    let resolved = unknown.filter(|(key, _)| accepted.contains_key(*key));
    let ended = |outcome| settled.values().filter(|end| end.outcome == outcome).count();
    eprintln!(
        "keyed, {} nodes, {} kills: {} keys, {} taken by Graph, at most {most} times each; {} \
         sent, {} of them not written down in time, {} rejected, {} unknown, {} of those resolved by \
         a status",
        nodes.site.most_nodes(),
        nodes.kills,
        settled.len(),
        accepted.len(),
        ended("sent"),
        unwritten.len(),
        ended("rejected"),
        ended("unknown"),
        resolved.count(),
    );
    assert_eq!(most, 1, "{accepted:?}");
    assert!(ended("sent") > 0);
}

/// Has Meta tell of every key that is unknown now, and that Graph took. Answers which of them had
/// been answered with 200: the database was too slow to write that down before the process died.
async fn tell_what_is_unknown(
    nodes: &Nodes,
    caller: &Caller,
    graph: &Graph,
    settled: &HashMap<String, Settled>,
) -> HashSet<String> {
    let mut unwritten = HashSet::new();
    let log = nodes.site.log();
    for (key, end) in settled {
        let now = caller.send(nodes.one(), key, Some(key)).await.unwrap();
        let Some(taken) = graph.accepted(key).pop().filter(|_| now.status != 200) else { continue };
        assert_eq!(now.outcome(), "unknown", "{key}: {now:?}");
        if end.outcome == "sent" {
            let told =
                log.lines().any(|line| line.contains(WAITS) && line.contains(&end.message_id));
            assert!(told, "{key} was sent, and is {now:?}");
            unwritten.insert(key.clone());
        }
        let status = json!({
            "id": taken.wamid, "status": "sent", "timestamp": "1760000000", "recipient_id": "1",
            "biz_opaque_callback_data": end.message_id,
        });
        let body = meta::envelope(NUMBER, "", &status.to_string());
        let posted = meta::post(&http_client(), nodes.one(), &body).await;
        assert_eq!(posted.unwrap().status, 200);
    }
    unwritten
}

impl Settled {
    /// What is said about the key later, by anybody, is what was said first; but for an unknown
    /// one that Graph took, of which a status has come by now.
    #[track_caller]
    fn is_confirmed_by(&self, again: &Answer, key: &str, graph: &Graph, unwritten: bool) {
        assert!(again.is_replay(), "{key}: {again:?}");
        assert_eq!(again.message_id(), self.message_id, "{key}");
        let accepted = graph.accepted(key);
        if let Some(taken) = accepted.first() {
            assert_eq!(taken.callback.as_deref(), Some(self.message_id.as_str()), "{key}");
        }
        match (self.outcome.as_str(), accepted.first()) {
            ("sent", taken) => {
                let taken = taken.expect("Graph took what is called sent");
                assert_eq!(again.data()["messages"][0]["id"], taken.wamid, "{key}");
                assert!(unwritten || again.text == self.text, "{key}: {again:?}");
            }
            ("rejected", taken) => {
                assert!(taken.is_none(), "{key} was taken, and called rejected");
                assert_eq!((again.status, &again.text), (500, &self.text), "{key}");
            }
            ("unknown", Some(taken)) => {
                assert_eq!(again.data()["messages"][0]["id"], taken.wamid, "{key}");
            }
            ("unknown", None) => assert_eq!(again.outcome(), "unknown", "{key}"),
            (other, _) => panic!("{key} ended as {other}"),
        }
    }
}

async fn of_twenty_requests_at_once_one_is_sent(place: Place) {
    let graph = Graph::calm().await;
    let site = Site::new(&place, graph.url()).with("AVENPING_GRAPH_SEND_TIMEOUT", "20s");
    let site = site.with("AVENPING_IDEMPOTENCY_LEASE", "40s");
    let nodes = Nodes::start(site).await;
    let caller = nodes.site.account("ada", NUMBER).await;
    let all = nodes.addresses().all();
    for round in 0..rounds() {
        let key = format!("order-{round}");
        let asks = all.iter().cycle().take(20);
        let answers = join_all(asks.map(|node| caller.send(*node, &key, Some(&key)))).await;
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
        let first = answers.iter().filter(|a| a.status == 200 && !a.is_replay()).count();
        assert_eq!(first, 1, "{answers:?}");
        assert!(answers.iter().all(|a| a.status == 200 || a.status == 409), "{answers:?}");
        assert_eq!(graph.accepted(&key).len(), 1);
        // Everywhere the same from now on.
        for node in &all {
            eventually("the answer is kept", async || {
                let again = caller.send(*node, &key, Some(&key)).await.unwrap();
                again.status == 200 && again.is_replay()
            })
            .await;
        }
        assert_eq!(graph.accepted(&key).len(), 1);
    }
}
