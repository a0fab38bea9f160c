//! SIGTERM under load: no request fails, and nothing that was taken is lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::caller::{Answer, Caller, Gone};
use crate::chance::{Chance, rounds};
use crate::eventually;
use crate::graph::Graph;
use crate::harness::{Place, cases};
use crate::load::{Clients, send_plainly};
use crate::meta::{Meta, Party};
use crate::nodes::{Addresses, Nodes};
use crate::site::Site;
use crate::webhooks::two_parties;

cases![a_node_that_is_told_to_stop_fails_nobody_and_loses_nothing];

const SENDERS: usize = 3;

/// Everything that goes on while a node stops.
struct Load {
    enough: CancellationToken,
    keyed: Clients,
    plain: JoinSet<Vec<(String, String)>>,
    meta: JoinSet<()>,
    failed: Arc<Mutex<Vec<String>>>,
}

/// What was answered with 200.
struct Done {
    messages: Vec<(String, String)>,
    failed: Vec<String>,
}

impl Load {
    fn start(caller: &Caller, nodes: &Addresses, machines: Vec<Meta>, chance: &mut Chance) -> Self {
        let enough = CancellationToken::new();
        let failed = Arc::<Mutex<Vec<String>>>::default();
        let keyed = Clients::start(6, caller, nodes, chance);
        let mut plain = JoinSet::new();
        for number in 0..SENDERS {
            let (failed, enough) = (Arc::clone(&failed), enough.clone());
            let note = move |answer: Result<Answer, Gone>| {
                failed.lock().unwrap().push(format!("{answer:?}"));
            };
            let (caller, nodes, name) = (caller.clone(), nodes.clone(), format!("plain-{number}"));
            plain.spawn(send_plainly(caller, nodes, chance.split(), name, enough, note));
        }
        let meta = machines.into_iter().map(|machine| machine.tell(enough.clone())).collect();
        Self { enough, keyed, plain, meta, failed }
    }

    async fn end(mut self) -> Done {
        self.enough.cancel();
        let mut messages = Vec::new();
        let mut failed = Vec::new();
        while let Some(sent) = self.plain.join_next().await {
            messages.extend(sent.unwrap());
        }
        while let Some(told) = self.meta.join_next().await {
            told.unwrap();
        }
        for (key, settled) in self.keyed.settle().await {
            assert_eq!(settled.outcome, "sent", "{key}: {settled:?}");
            failed.extend(settled.troubles);
            messages.push((settled.message_id, key));
        }
        failed.append(&mut self.failed.lock().unwrap());
        Done { messages, failed }
    }
}

/// As a balancer does it: sends nobody there any more once the node says that it is not ready.
async fn relieve(nodes: &Nodes, which: usize, caller: &Caller, address: std::net::SocketAddr) {
    eventually("readiness is gone", async || {
        let ready = caller.get(address, "/v2/ready").await;
        ready.expect("it serves on for a while").status == 503
    })
    .await;
    nodes.addresses().set(which, None);
}

async fn a_node_that_is_told_to_stop_fails_nobody_and_loses_nothing(place: Place) {
    let mut chance = Chance::of("stopping");
    let graph = Graph::calm().await;
    let site = Site::new(&place, graph.url()).with("AVENPING_GRAPH_SEND_TIMEOUT", "20s");
    let site = site.with("AVENPING_IDEMPOTENCY_LEASE", "40s");
    // It serves on for a sixth of it.
    let mut nodes = Nodes::start(site.with("AVENPING_DRAIN_TIMEOUT", "24s")).await;
    let caller = nodes.site.account("eve", "106540352242944").await;
    let parties: Vec<Party> = two_parties(&nodes, &mut chance).await;
    let (machines, acknowledged) = Meta::machines(2, nodes.addresses(), &parties, &mut chance);
    let load = Load::start(&caller, nodes.addresses(), machines, &mut chance);

    for _ in 0..rounds().div_ceil(3) {
        tokio::time::sleep(chance.millis(300, 600)).await;
        let which = chance.below(nodes.site.most_nodes());
        let node = nodes.take(which);
        node.terminate();
        relieve(&nodes, which, &caller, node.address()).await;
        let status = node.ended().await;
        assert!(status.success(), "{status}: {}", nodes.site.log());
        nodes.revive(which).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let Done { messages, failed } = load.end().await;
    only_the_database_put_them_off(&failed, &nodes.site.log());

    for (id, text) in &messages {
        assert_eq!(graph.accepted(text).len(), 1, "{text}");
        // The record of the last ones is written behind the answer.
        eventually("what was answered with 200 is recorded", async || {
            let path = format!("/v2/messages/{id}");
            let found = caller.get(nodes.one(), &path).await.unwrap();
            found.status == 200 && found.data()["reference"] == *text
        })
        .await;
    }
    let events = acknowledged.lock().unwrap().events();
    let taken = || parties.iter().map(|party| party.customer.taken()).sum::<usize>();
    eventually("what was told is delivered", async || taken() >= events).await;
    let acknowledged = acknowledged.lock().unwrap();
    let figures = acknowledged.has_all_arrived(&parties);
    assert_eq!(acknowledged.cut, 0, "{figures}");
    let (sends, put_off) = (messages.len(), failed.len());
    eprintln!("stopping: {sends} sends, all recorded, {put_off} put off; {figures}");
}

/// On a machine with much else to do the database may be slow, and that is told with a 503. It is
/// slow then; it is not closed.
#[track_caller]
fn only_the_database_put_them_off(failed: &[String], log: &str) {
    let is_put_off = |answer: &&String| answer.contains("status: 503");
    let failed: Vec<_> = failed.iter().filter(|answer| !is_put_off(answer)).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let causes = log.lines().filter(|line| line.contains("the database is away"));
    for cause in causes {
        let slow = cause.contains("pool timed out") || cause.contains("no answer within");
        assert!(slow || cause.contains("too many clients"), "{cause}");
    }
}
