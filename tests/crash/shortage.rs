//! Without room for more connections, sends wait for those that are there.

use std::net::SocketAddr;

use futures_util::future::join_all;

use crate::caller::Caller;
use crate::graph::Graph;
use crate::harness::{Place, cases};
use crate::port::Port;
use crate::program::Program;
use crate::site::Site;

cases![without_a_descriptor_left_sends_wait_and_graph_is_not_blamed];

const CALLERS: usize = 20;
const LEFT: usize = 2;
const NUMBER: &str = "106540352242922";

async fn without_a_descriptor_left_sends_wait_and_graph_is_not_blamed(place: Place) {
    let graph = Graph::calm().await;
    let site = Site::new(&place, graph.url()).alone();
    // Time enough for all to come to their turn.
    let site = site.with("AVENPING_GRAPH_SEND_TIMEOUT", "10s");
    let site = site.with("AVENPING_IDEMPOTENCY_LEASE", "30s");
    let first = site.account("ada", NUMBER).await;
    let port = Port::keep();
    let program = Program::start(&site, port.address()).await;
    let node = program.address();
    first.send(node, "the first", None).await.unwrap().data();
    // A connection each, before there is none to be had.
    let callers: Vec<_> = (0..CALLERS).map(|_| Caller::new(first.token(), NUMBER)).collect();
    for caller in &callers {
        assert_eq!(caller.get(node, "/v2/ready").await.unwrap().status, 200);
    }
    program.may_open(LEFT);

    let texts: Vec<_> = (0..CALLERS).map(|nth| format!("text {nth}")).collect();
    let sends = callers.iter().zip(&texts).map(|(caller, text)| caller.send(node, text, None));
    for told in join_all(sends).await {
        told.unwrap().data();
    }
    for text in &texts {
        assert_eq!(graph.accepted(text).len(), 1, "{text}");
    }
    assert!(repeats(&first, node).await > 0, "there was room for all");
}

async fn repeats(caller: &Caller, node: SocketAddr) -> u64 {
    let metrics = caller.get(node, "/metrics").await.unwrap().text;
    let count =
        metrics.lines().find_map(|line| line.strip_prefix("avenping_upstream_retries_total "));
    count.unwrap().parse().unwrap()
}
