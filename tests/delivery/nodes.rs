//! Several workers on one database, and workers that go away.

use std::collections::HashMap;
use std::time::Duration;

use avenping_gateway::model::DeliveryState;

use crate::harness::{Place, cases};
use crate::receiver::{Act, Receiver};
use crate::world::World;

cases![
    two_workers_deliver_each_event_once,
    a_lead_arrives_before_its_message_whoever_delivers_them,
    a_lead_that_fails_does_not_hold_up_its_message,
    another_worker_takes_over_when_the_lease_of_a_dead_one_ends,
    a_worker_that_is_told_to_stop_ends_what_it_has_begun,
    what_was_due_while_nobody_worked_is_delivered_later,
];

async fn two_workers_deliver_each_event_once(place: Place) {
    let receiver = Receiver::start(&[], Act::Slowly(Duration::from_millis(5))).await;
    let world = World::new(place, &receiver.url()).await;
    let there = world.place.store().await;
    let _two = [world.work().await, world.work_on(&there)];
    for number in 0..60 {
        world.tell(&format!("{number}")).await;
    }
    world.all_delivered(60).await;
    let mut times = HashMap::new();
    for call in receiver.calls() {
        *times.entry(call.id().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(times.len(), 60);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

async fn a_lead_arrives_before_its_message_whoever_delivers_them(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let there = world.place.store().await;
    let _two = [world.work().await, world.work_on(&there)];
    for number in 0..60 {
        world.meet(&format!("customer {number}")).await;
    }
    world.all_delivered(120).await;
    let mut told = HashMap::<_, Vec<_>>::new();
    for call in receiver.calls() {
        let event = call.header("x-avenping-event").to_owned();
        told.entry(call.body).or_default().push(event);
    }
    assert_eq!(told.len(), 60);
    assert!(told.values().all(|events| events == &["newLead", "newMessage"]), "{told:?}");
}

async fn a_lead_that_fails_does_not_hold_up_its_message(place: Place) {
    let receiver = Receiver::start(&[Act::Reset], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    world.meet("somebody").await;
    world.all_delivered(1).await;
    let calls = receiver.calls();
    let events: Vec<_> = calls.iter().map(|call| call.header("x-avenping-event")).collect();
    assert_eq!(events, ["newLead", "newMessage"]);
    world.pass(7);
    world.all_delivered(2).await;
}

async fn another_worker_takes_over_when_the_lease_of_a_dead_one_ends(place: Place) {
    let receiver = Receiver::start(&[Act::Hang], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let there = world.place.store().await;
    let dying = world.work().await;
    let id = world.tell("one").await;
    receiver.called(1).await;
    drop(dying);

    let _working = world.work_on(&there);
    world.pass(59);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.calls().len(), 1);
    world.pass(2);
    let calls = receiver.called(2).await;
    assert_eq!((calls[0].id(), &calls[0].body), (calls[1].id(), &calls[1].body));
    world.all_delivered(1).await;
    let (delivery, log) = world.look(&id).await;
    assert_eq!((delivery.attempts, log.len()), (1, 1));
}

async fn a_worker_that_is_told_to_stop_ends_what_it_has_begun(place: Place) {
    let receiver = Receiver::start(&[], Act::Slowly(Duration::from_millis(500))).await;
    let world = World::new(place, &receiver.url()).await;
    for number in 0..12 {
        world.tell(&format!("{number}")).await;
    }
    let working = world.work().await;
    receiver.called(8).await;
    working.stop().await;
    assert_eq!(world.count(&world.account, DeliveryState::Delivered).await, 8);
    assert_eq!(receiver.calls().len(), 8);
    // Nothing is left leased: the next one need not wait.
    let _working = world.work().await;
    world.all_delivered(12).await;
}

async fn what_was_due_while_nobody_worked_is_delivered_later(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    world.tell("one").await;
    world.pass(61);
    let due = world.store.oldest_due(world.clock.now()).await.unwrap().unwrap();
    assert_eq!(world.clock.now().as_millis() - due.as_millis(), 61_000);
    let _working = world.work().await;
    world.all_delivered(1).await;
    assert!(world.store.oldest_due(world.clock.now()).await.unwrap().is_none());
}
