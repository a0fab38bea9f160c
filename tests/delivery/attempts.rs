//! One event, and what its receiver does with it.

use avenping_gateway::model::DeliveryState;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::fixtures::{BY, START};
use crate::harness::{Place, cases};
use crate::receiver::{Act, Call, Receiver};
use crate::world::{CODE, World, body_of};

cases![
    an_event_arrives_signed_with_its_exact_bytes,
    a_failed_call_is_repeated_with_the_same_id_and_the_same_bytes,
    a_receiver_that_hangs_is_given_a_minute,
    a_connection_that_is_reset_is_a_failure_like_any_other,
    a_receiver_that_is_not_there_is_a_failure_like_any_other,
    absurd_wishes_for_later_move_nothing_out_of_its_bounds,
    a_redirect_is_not_followed,
    what_fails_every_time_is_dead_and_can_be_delivered_once_more,
    a_cleared_url_is_waited_for,
    both_codes_sign_while_they_are_rotated,
];

fn digest(code: &str, signed: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(code.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn standard(code: &str, call: &Call) -> String {
    use base64::Engine as _;

    let signed = format!("{}.{}.{}", call.id(), call.header("webhook-timestamp"), call.body);
    let digest = digest(code, &signed);
    format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

async fn an_event_arrives_signed_with_its_exact_bytes(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    let id = world.tell("one").await;
    let call = receiver.called(1).await.remove(0);
    assert_eq!(call.body, body_of("one"));
    assert_eq!(call.header("content-type"), "application/json");
    assert_eq!(call.header("x-avenping-event"), "newMessage");
    assert!(call.header("x-avenping-sequence").parse::<i64>().unwrap() > 0);
    assert_eq!(call.header("webhook-timestamp"), (START / 1000).to_string());
    assert_eq!(call.header("webhook-signature"), standard(CODE, &call));
    let own = format!("sha256={}", hex::encode(digest(CODE, &call.body)));
    assert_eq!(call.header("x-avenping-signature"), own);

    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(call.id(), delivery.event.as_str());
    assert_eq!((log[0].status, &log[0].error), (Some(204), &None));
}

async fn a_failed_call_is_repeated_with_the_same_id_and_the_same_bytes(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(500)], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    let id = world.tell("one").await;
    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!(delivery.state, DeliveryState::Pending);
    assert_eq!(log[0].error.as_deref(), Some("The endpoint answered 500"));
    assert!((4..=6).contains(&world.wait(&delivery)), "{delivery:?}");

    world.pass(7);
    let calls = receiver.called(2).await;
    assert_eq!((calls[0].id(), &calls[0].body), (calls[1].id(), &calls[1].body));
    let times = calls.iter().map(|call| call.header("webhook-timestamp").to_owned());
    assert_eq!(times.collect::<Vec<_>>(), ["1", "8"]);
    world.all_delivered(1).await;
}

async fn a_receiver_that_hangs_is_given_a_minute(place: Place) {
    let receiver = Receiver::start(&[Act::Hang], Act::Answer(200)).await;
    let mut world = World::new(place, &receiver.url()).await;
    world.settings.timeout = std::time::Duration::from_millis(200).into();
    let _working = world.work().await;
    let id = world.tell("one").await;
    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!(log[0].error.as_deref(), Some("The endpoint did not answer in time"));
    assert!(log[0].duration_ms >= 200);
    assert_eq!(world.wait(&delivery), 60);
    world.pass(61);
    world.all_delivered(1).await;
}

async fn a_connection_that_is_reset_is_a_failure_like_any_other(place: Place) {
    let receiver = Receiver::start(&[Act::Reset], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    let id = world.tell("one").await;
    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!(log[0].error.as_deref(), Some("The endpoint broke the connection off"));
    assert!((4..=6).contains(&world.wait(&delivery)));
    world.pass(7);
    world.all_delivered(1).await;
}

async fn a_receiver_that_is_not_there_is_a_failure_like_any_other(place: Place) {
    let world = World::new(place, "http://127.0.0.1:1/").await;
    let _working = world.work().await;
    let id = world.tell("one").await;
    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!(log[0].error.as_deref(), Some("The endpoint could not be reached"));
    assert!((4..=6).contains(&world.wait(&delivery)));
}

async fn absurd_wishes_for_later_move_nothing_out_of_its_bounds(place: Place) {
    let wishes =
        ["0", "-1", "99999999999999999999999", "soon", "1.5", "Fri, 31 Dec 9999 23:59:59 GMT"];
    let expected = [60, 60, 120, 60, 60, 120];
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    for (wish, expected) in wishes.into_iter().zip(expected) {
        receiver.will(Act::Later(429, wish));
        let id = world.tell(wish).await;
        let (delivery, _) = world.attempted(&id, 1).await;
        assert_eq!(world.wait(&delivery), expected, "{wish}");
        // So that the failures do not add up.
        receiver.will(Act::Answer(200));
        world.store.enable_endpoint(&world.account, &BY, world.clock.now()).await.unwrap();
    }
}

async fn a_redirect_is_not_followed(place: Place) {
    let receiver = Receiver::start(&[Act::Answer(302)], Act::Answer(200)).await;
    let world = World::new(place, &receiver.url()).await;
    let _working = world.work().await;
    let id = world.tell("one").await;
    let (delivery, log) = world.attempted(&id, 1).await;
    assert_eq!((delivery.state, log[0].status), (DeliveryState::Pending, Some(302)));
    assert_eq!(receiver.calls().len(), 1);
}

async fn what_fails_every_time_is_dead_and_can_be_delivered_once_more(place: Place) {
    let receiver = Receiver::start(&[], Act::Answer(503)).await;
    let mut world = World::new(place, &receiver.url()).await;
    world.settings.retry_schedule = "0s,5s,5s".parse().unwrap();
    let _working = world.work().await;
    let id = world.tell("one").await;
    for attempts in 1..=3 {
        world.attempted(&id, attempts).await;
        world.pass(121);
    }
    let (delivery, _) = world.look(&id).await;
    assert_eq!((delivery.state, delivery.next_attempt_at), (DeliveryState::Dead, None));

    let other = Receiver::fine().await;
    world.point(&world.account, &other.url()).await;
    assert!(world.store.redeliver(&world.account, &id, &BY, world.clock.now()).await.unwrap());
    let call = other.called(1).await.remove(0);
    assert_eq!(call.id(), receiver.calls()[0].id());
    assert_eq!(call.body, receiver.calls()[0].body);
    world.all_delivered(1).await;
    assert_eq!(receiver.calls().len(), 3);
}

async fn a_cleared_url_is_waited_for(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let id = world.tell("one").await;
    world.point(&world.account, "").await;
    let _working = world.work().await;
    let (_, log) = world.attempted(&id, 1).await;
    assert_eq!(log[0].error.as_deref(), Some("No webhook URL is set"));
    world.point(&world.account, &receiver.url()).await;
    world.pass(7);
    world.all_delivered(1).await;
}

async fn both_codes_sign_while_they_are_rotated(place: Place) {
    let receiver = Receiver::fine().await;
    let world = World::new(place, &receiver.url()).await;
    let change = avenping_gateway::model::WebhookChange {
        code: Some(Some("another code".into())),
        ..Default::default()
    };
    let fresh = "fresh".into();
    let now = world.clock.now();
    world.store.change_webhook_config(&world.account, &change, &fresh, &BY, now).await.unwrap();
    let _working = world.work().await;
    world.tell("one").await;
    let call = receiver.called(1).await.remove(0);
    let both = format!("{} {}", standard("another code", &call), standard(CODE, &call));
    assert_eq!(call.header("webhook-signature"), both);
    let own = format!("sha256={}", hex::encode(digest("another code", &call.body)));
    assert_eq!(call.header("x-avenping-signature"), own);
}
