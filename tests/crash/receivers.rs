//! An endpoint that misbehaves in every way harms nobody but its owner, and not for good.

use crate::caller::{Caller, http_client};
use crate::chance::Chance;
use crate::customer::Customer;
use crate::eventually;
use crate::harness::{Place, cases};
use crate::meta::{envelope, post};
use crate::nodes::Nodes;
use crate::site::Site;
use crate::wire::{Act, Wire, answer};

cases![an_endpoint_that_misbehaves_in_every_way_harms_nobody_else];

const ADA: &str = "106540352242922";
const BOB: &str = "106540352242933";
const MESSAGES: usize = 30;
/// Among the misdeeds, the one that says 200 first.
const GIGABYTE: usize = 18;
/// Far below a gigabyte, and far above what a gateway needs.
const MOST_MEGABYTES: u64 = 400;

fn retry_after(value: &str) -> Act {
    Act::Answer(answer(429, &format!("Retry-After: {value}\r\n"), ""))
}

/// One for each call, in this order; then nothing is ever answered again.
fn misdeeds() -> Vec<Act> {
    let gigabyte = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_vec();
    let endless = b"HTTP/1.1 500 Sorry\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n".to_vec();
    let to_self = "Location: /elsewhere\r\n";
    vec![
        Act::Reset(Vec::new()),
        Act::ResetAfterReading(10),
        Act::Reset(b"HTTP/1.1 20".to_vec()),
        Act::Close(Vec::new()),
        Act::Close(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
        Act::Answer(answer(500, "", "<html>sorry</html>")),
        retry_after("-1"),
        retry_after("1e9"),
        retry_after("99999999999999999999"),
        retry_after("Mon, 01 Jan 1990 00:00:00 GMT"),
        retry_after("Wed, 01 Jan 3000 00:00:00 GMT"),
        retry_after("\u{7f}soon"),
        Act::Answer(answer(302, to_self, "")),
        Act::Answer(answer(308, to_self, "")),
        Act::Flood(endless),
        Act::Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        Act::Hang(b"HTTP/1.1 200 OK\r\n".to_vec()),
        Act::Hang(Vec::new()),
        Act::Flood(gigabyte),
        Act::Hang(Vec::new()),
    ]
}

fn message(number: usize) -> String {
    format!(
        r#"{{"from":"4915112340007","id":"wamid.{number}","timestamp":"1760000000","type":"text"}}"#
    )
}

async fn told(nodes: &Nodes, number: &str) {
    let messages: Vec<_> = (0..MESSAGES).map(message).collect();
    let body = envelope(number, &messages.join(","), "");
    assert_eq!(post(&http_client(), nodes.one(), &body).await.unwrap().status, 200);
}

/// Every message but those that were taken elsewhere.
async fn all_arrive(customer: &Customer, elsewhere: &[usize]) {
    eventually("every message arrives", async || {
        (0..MESSAGES).filter(|number| !elsewhere.contains(number)).all(|number| {
            let body = format!(r#"{{"newMessage":{}}}"#, message(number));
            customer.ids_of(&body).len() == 1
        })
    })
    .await;
    customer.has_no_complaint();
}

async fn is_disabled(nodes: &Nodes, caller: &Caller) -> bool {
    let config = caller.get(nodes.one(), "/v2/webhooks/config").await.unwrap();
    config.data().get("disabled").is_some()
}

async fn an_endpoint_that_misbehaves_in_every_way_harms_nobody_else(place: Place) {
    let mut chance = Chance::of("receivers");
    let site = Site::new(&place, "http://127.0.0.1:1").alone();
    let site = site.with("AVENPING_WEBHOOK_TIMEOUT", "400ms").with("AVENPING_WEBHOOK_LEASE", "1s");
    let nodes = Nodes::start(site).await;
    let (ada, bob) = (nodes.site.account("ada", ADA).await, nodes.site.account("bob", BOB).await);
    let misdeeds = misdeeds();
    let bad = Wire::start(misdeeds.clone()).await;
    ada.wants_webhooks(nodes.one(), &format!("{}/hook", bad.url()), "the code of ada").await;
    let good = Customer::open("the code of bob", chance.split()).await;
    bob.wants_webhooks(nodes.one(), good.url(), good.code()).await;

    // Bob is served while Ada's endpoint has its worst day, and while it answers nothing at all.
    told(&nodes, ADA).await;
    told(&nodes, BOB).await;
    all_arrive(&good, &[]).await;
    eventually("every misdeed was done", async || bad.requests().len() > misdeeds.len()).await;
    assert!(!is_disabled(&nodes, &ada).await, "nothing of this pauses an endpoint");
    let requests = bad.requests();
    assert!(!requests.iter().any(|request| request.contains("elsewhere")), "it was redirected");
    let most = nodes.most_memory(0);
    assert!(most < MOST_MEGABYTES, "it had {most} MB in use");

    // Who wants nothing more is paused, until they say otherwise; then everything comes that was
    // not taken. A 200 is a 200, however much follows it.
    let gone = Wire::always(Act::Answer(answer(410, "", ""))).await;
    ada.wants_webhooks(nodes.one(), &format!("{}/hook", gone.url()), "the code of ada").await;
    eventually("the endpoint is paused", async || is_disabled(&nodes, &ada).await).await;
    let better = Customer::open("the code of ada", chance.split()).await;
    ada.wants_webhooks(nodes.one(), better.url(), better.code()).await;
    let taken = &requests[GIGABYTE];
    let taken =
        |number: &usize| taken.contains(&format!(r#"{{"newMessage":{}}}"#, message(*number)));
    all_arrive(&better, &(0..MESSAGES).filter(taken).collect::<Vec<_>>()).await;
    eprintln!("receivers: {} calls of the bad endpoint, at most {most} MB", requests.len());
}
