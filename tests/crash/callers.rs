//! A caller who goes away in the middle of a send changes nothing about it.

use serde_json::Value;

use crate::eventually;
use crate::harness::{Place, cases};
use crate::nodes::Nodes;
use crate::site::Site;
use crate::wire::{Act, Wire, answer};

cases![
    a_send_whose_caller_has_gone_ends_and_the_key_gets_its_answer,
    a_send_without_a_key_whose_caller_has_gone_is_recorded,
];

const NUMBER: &str = "106540352242922";
const RECEIPT: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.HBgL"}]}"#;

/// A Graph that answers when it is told to, and a gateway with the patience for it.
async fn start(place: &Place) -> (Wire, Nodes) {
    let wire = Wire::always(Act::AnswerWhenTold(answer(200, "", RECEIPT))).await;
    let site = Site::new(place, &wire.url()).with("AVENPING_GRAPH_SEND_TIMEOUT", "20s");
    let site = site.with("AVENPING_IDEMPOTENCY_LEASE", "40s");
    (wire, Nodes::start(site).await)
}

/// Sends, and hangs up as soon as Graph has been asked.
async fn send_and_vanish(
    wire: &Wire,
    nodes: &Nodes,
    caller: &crate::caller::Caller,
    key: Option<&'static str>,
) {
    let (leaving, node) = (caller.clone(), nodes.one());
    let send = tokio::spawn(async move { leaving.send(node, "word", key).await.is_ok() });
    eventually("Graph is asked", async || wire.requests().iter().any(|r| r.contains("word"))).await;
    send.abort();
    assert!(send.await.unwrap_err().is_cancelled());
    wire.tell();
}

async fn a_send_whose_caller_has_gone_ends_and_the_key_gets_its_answer(place: Place) {
    let (wire, nodes) = start(&place).await;
    let caller = nodes.site.account("ada", NUMBER).await;
    send_and_vanish(&wire, &nodes, &caller, Some("k")).await;
    for node in nodes.addresses().all() {
        eventually("the key has its answer", async || {
            let again = caller.send(node, "word", Some("k")).await.unwrap();
            assert!([200, 409].contains(&again.status), "{again:?}");
            again.status == 200 && again.is_replay() && again.text.contains(RECEIPT)
        })
        .await;
    }
    assert_eq!(wire.requests().len(), 1);
}

async fn a_send_without_a_key_whose_caller_has_gone_is_recorded(place: Place) {
    let (wire, nodes) = start(&place).await;
    let caller = nodes.site.account("ada", NUMBER).await;
    send_and_vanish(&wire, &nodes, &caller, None).await;
    let found = async || -> Value {
        let list = caller.get(nodes.one(), "/v2/messages?reference=word").await.unwrap();
        list.data()["items"][0].clone()
    };
    eventually("it is recorded", async || found().await.is_object()).await;
    let record = found().await;
    assert_eq!((&record["wamid"], &record["status"]), (&"wamid.HBgL".into(), &"accepted".into()));
    assert_eq!(wire.requests().len(), 1);
}
