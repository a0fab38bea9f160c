//! Whoever is killed: what Meta was told is taken arrives, under one id and with one set of bytes.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::chance::{Chance, rounds};
use crate::customer::Customer;
use crate::eventually;
use crate::harness::{Place, cases};
use crate::meta::{Meta, Party};
use crate::nodes::Nodes;
use crate::site::Site;

cases![no_event_is_lost_and_every_duplicate_is_the_same];

const MACHINES: usize = 4;

/// Two accounts, each with a number and an endpoint.
pub(crate) async fn two_parties(nodes: &Nodes, chance: &mut Chance) -> Vec<Party> {
    let mut parties = Vec::new();
    for (name, number) in [("ada", "106540352242922"), ("bob", "106540352242933")] {
        let caller = nodes.site.account(name, number).await;
        let customer = Customer::open(&format!("the code of {name}"), chance.split()).await;
        caller.wants_webhooks(nodes.one(), customer.url(), customer.code()).await;
        parties.push(Party { number: number.to_owned(), customer });
    }
    parties
}

async fn no_event_is_lost_and_every_duplicate_is_the_same(place: Place) {
    let mut chance = Chance::of("webhooks");
    let mut nodes = Nodes::start(Site::new(&place, "http://127.0.0.1:1")).await;
    let parties = two_parties(&nodes, &mut chance).await;
    let (machines, acknowledged) =
        Meta::machines(MACHINES, nodes.addresses(), &parties, &mut chance);
    let enough = CancellationToken::new();
    let mut telling: JoinSet<()> =
        machines.into_iter().map(|machine| machine.tell(enough.clone())).collect();

    for _ in 0..rounds() {
        nodes.strike(&mut chance).await;
    }
    enough.cancel();
    while let Some(told) = telling.join_next().await {
        told.unwrap();
    }
    let events = acknowledged.lock().unwrap().events();
    let taken = || parties.iter().map(|party| party.customer.taken()).sum::<usize>();
    eventually("everything is delivered", async || taken() >= events).await;

    let figures = acknowledged.lock().unwrap().has_all_arrived(&parties);
    eprintln!("webhooks, {} nodes, {} kills: {figures}", nodes.site.most_nodes(), nodes.kills);
}
