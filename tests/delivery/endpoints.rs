//! Many events, and endpoints that fare well or badly.

use std::time::Duration;

use avenping_gateway::model::DeliveryState;

use crate::eventually;
use crate::fixtures::{BY, join};
use crate::harness::{Place, cases};
use crate::receiver::{Act, Receiver};
use crate::world::World;

cases![
    a_receiver_that_is_gone_is_paused_until_it_is_set_anew,
    five_days_of_failure_pause_an_endpoint,
    an_endpoint_that_fails_again_and_again_is_tried_with_one_call_at_a_time,
    what_is_asked_for_by_hand_is_tried_at_an_endpoint_that_fails,
    a_dead_endpoint_keeps_nobody_else_waiting,
    a_slow_endpoint_gets_eight_calls_at_once_and_no_more,
];

async fn a_receiver_that_is_gone_is_paused_until_it_is_set_anew(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(410)], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    let first = world.tell("one").await;
    world.attempted(&first, 1).await;
    let health = world.store.endpoint_health(&world.account).await.unwrap();
    assert_eq!(health.disabled.unwrap().1, "The endpoint answered 410 Gone");

    world.tell("two").await;
    world.pass(3600);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(world.count(&world.account, DeliveryState::Paused).await, 2);

    world.point(&world.account, &receiver.url()).await;
    world.all_delivered(2).await;
}

async fn five_days_of_failure_pause_an_endpoint(place: Place) {
    let receiver = Receiver::start(&[], Act::Answer(500)).await;
    let mut world = World::new(place, &receiver.url()).await;
    world.settings.retry_schedule = ["0s"; 20].join(",").replace("0s", "24h").parse().unwrap();
    let _working = world.work().await;
    let id = world.tell("one").await;
    for attempt in 1..=9 {
        world.attempted(&id, attempt).await;
        world.pass(29 * 3600);
    }
    assert!(world.store.endpoint_health(&world.account).await.unwrap().disabled.is_none());
    world.attempted(&id, 10).await;
    let health = world.store.endpoint_health(&world.account).await.unwrap();
    assert_eq!(health.disabled.unwrap().1, "Every attempt has failed for 5 days");
    assert_eq!(world.look(&id).await.0.state, DeliveryState::Paused);
}

async fn an_endpoint_that_fails_again_and_again_is_tried_with_one_call_at_a_time(place: Place) {
    let receiver = Receiver::start(&[], Act::Answer(500)).await;
    let mut world = World::new(place, &receiver.url()).await;
    world.settings.retry_schedule = "0s,5s,5m,30m,30m".parse().unwrap();
    let _working = world.work().await;
    let first = world.tell("first").await;
    for attempt in 1..=3 {
        world.attempted(&first, attempt).await;
        world.pass(400);
    }
    let second = world.tell("second").await;
    world.attempted(&second, 1).await;
    world.pass(7);
    world.attempted(&second, 2).await;
    // That was the fifth failure: nobody is tried until the first is to be tried again.
    for number in 0..10 {
        world.tell(&format!("more {number}")).await;
    }
    world.pass(400);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.calls().len(), 5);
    // And then that one, which fails as well.
    world.pass(1800);
    let calls = receiver.called(6).await;
    assert_eq!(calls[5].id(), calls[0].id());
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.calls().len(), 6);

    // The endpoint is back: all that waited goes at once.
    receiver.will(Act::Answer(200));
    world.pass(2200);
    world.all_delivered(12).await;
}

async fn what_is_asked_for_by_hand_is_tried_at_an_endpoint_that_fails(place: Place) {
    let receiver = Receiver::start(&[], Act::Answer(500)).await;
    let mut world = World::new(place, &receiver.url()).await;
    world.settings.retry_schedule = "0s,1s,1s,1s,1s,2h,2h".parse().unwrap();
    let _working = world.work().await;
    let id = world.tell("one").await;
    for attempt in 1..=5 {
        world.attempted(&id, attempt).await;
        world.pass(if attempt < 5 { 2 } else { 60 });
    }
    receiver.will(Act::Answer(200));
    world.tell("two").await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(receiver.calls().len(), 5);
    assert!(world.store.redeliver(&world.account, &id, &BY, world.clock.now()).await.unwrap());
    world.all_delivered(2).await;
}

async fn a_dead_endpoint_keeps_nobody_else_waiting(place: Place) {
    let dead = Receiver::start(&[], Act::Hang).await;
    let well = Receiver::fine().await;
    let world = World::new(place, &well.url()).await;
    let bob = join(&world.store, "bob").await;
    world.point(&bob, &dead.url()).await;
    for number in 0..100 {
        world.tell_to(&bob, &format!("dead {number}")).await;
    }
    for number in 0..20 {
        world.tell(&format!("well {number}")).await;
    }
    let _working = world.work().await;
    let started = tokio::time::Instant::now();
    world.all_delivered(20).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(dead.most_at_once() <= 8, "{} at once", dead.most_at_once());
}

async fn a_slow_endpoint_gets_eight_calls_at_once_and_no_more(place: Place) {
    let receiver = Receiver::start(&[], Act::Slowly(Duration::from_millis(150))).await;
    let world = World::new(place, &receiver.url()).await;
    for number in 0..24 {
        world.tell(&format!("{number}")).await;
    }
    let _working = world.work().await;
    eventually("all have arrived", || async { receiver.calls().len() == 24 }).await;
    assert_eq!(receiver.most_at_once(), 8);
    world.all_delivered(24).await;
    let mut ids: Vec<_> = receiver.calls().iter().map(|call| call.id().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 24);
}
