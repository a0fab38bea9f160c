//! What Meta posts.

use avenping_gateway::metrics::ArrivalKind;
use avenping_gateway::model::{
    AccountId, Progress, StatusKind, StatusUpdate, WebhookChange, WebhookEvent,
};
use avenping_gateway::store::{Arrival, InboundPost, Keep, StoreError, TakenIn};
use futures_util::future::join_all;

use crate::fixtures::{BY, START, at, join, record};
use crate::harness::{Place, cases};
use crate::posts::{
    ALL, bodies, claim, deliver_all, event, message, message_from, point, post, post_at, take_in,
};

cases![
    a_route_is_found_by_number_and_by_waba_on_each_account,
    a_route_says_what_the_account_wants_to_be_told,
    what_is_taken_in_has_one_delivery_each_that_is_due_at_once,
    sequence_numbers_rise_in_the_order_given,
    the_same_again_is_a_repeat_in_one_call_and_over_calls,
    the_same_key_of_another_kind_or_account_is_not_a_repeat,
    of_handles_that_take_in_the_same_at_once_one_wins,
    overlapping_batches_in_opposite_order_do_not_stand_in_each_others_way,
    a_contact_is_new_once_for_each_number_and_account,
    a_contact_is_new_once_for_handles_that_meet_it_at_once,
    what_nobody_wants_to_be_told_is_taken_in_without_events,
    an_arrival_whose_account_is_gone_is_dropped_and_the_others_are_not,
    what_is_taken_in_is_told_by_kind,
    a_failure_leaves_nothing_behind,
    a_status_moves_its_message_forward_in_the_same_commit,
    texts_of_any_kind_and_length_are_taken_in,
    a_post_without_arrivals_is_kept,
    what_was_taken_in_does_not_lie_there_in_clear,
    posts_and_repeat_marks_are_forgotten_by_age_in_small_batches,
];

/// New ones, repeats, events.
fn counts(taken: &TakenIn) -> (usize, u64, usize) {
    (taken.arrivals.len(), taken.repeats, taken.events.len())
}

async fn a_route_is_found_by_number_and_by_waba_on_each_account(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let ask = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();

    let routes = store.inbound_routes(&ask(&["111", "999", "\0"]), &ask(&["77001"])).await.unwrap();
    let mut found: Vec<_> = routes.iter().map(|r| (r.found_by.as_str(), &r.account)).collect();
    found.sort_by_key(|(by, account)| (*by, account.as_str()));
    assert_eq!(found, [("111", &ada), ("111", &bob), ("77001", &ada), ("77001", &bob)]);

    assert!(store.inbound_routes(&ask(&["77001"]), &ask(&["111"])).await.unwrap().is_empty());
    assert!(store.inbound_routes(&[], &[]).await.unwrap().is_empty());
}

async fn a_route_says_what_the_account_wants_to_be_told(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let events = async || {
        let routes = store.inbound_routes(&["222".to_owned()], &[]).await.unwrap();
        assert_eq!(routes.len(), 1);
        routes.into_iter().next().unwrap().events
    };
    assert_eq!(events().await, []);
    point(&store, &id, "https://a.example", "code").await;
    assert_eq!(events().await, [WebhookEvent::NewLead, WebhookEvent::NewMessage]);

    let clear = WebhookChange { url: Some(None), ..Default::default() };
    store.change_webhook_config(&id, &clear, &"x".into(), &BY, at(START)).await.unwrap();
    assert_eq!(events().await, []);
}

async fn what_is_taken_in_has_one_delivery_each_that_is_due_at_once(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let taken = store
        .take_in(&[
            post_at(5_000, vec![message(&id, "one"), message(&id, "two")]),
            post_at(6_000, vec![message(&id, "three")]),
        ])
        .await
        .unwrap();
    assert_eq!(counts(&taken), (3, 0, 3));

    assert_eq!(bodies(&claim(&store, 4_999, ALL).await), [""; 0]);
    assert_eq!(bodies(&claim(&store, 5_000, ALL).await), ["one", "two"]);
    assert_eq!(bodies(&claim(&store, 6_000, ALL).await), ["three"]);
    assert_eq!(store.take_in(&[]).await.unwrap(), TakenIn::default());
}

async fn sequence_numbers_rise_in_the_order_given(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    // More than fit one statement, in an order that no index has.
    let keys: Vec<_> = (0..150).map(|n| format!("{:03}", n * 7919 % 150)).collect();
    let posts: Vec<_> = keys
        .iter()
        .map(|key| post(vec![message_from(&bob, key, key), message_from(&ada, key, key)]))
        .collect();
    store.take_in(&posts).await.unwrap();
    take_in(&store, vec![message(&ada, "last")]).await;

    let claimed = deliver_all(&store, START).await;
    for account in [&ada, &bob] {
        let told: Vec<_> = claimed.iter().filter(|d| d.account == *account).collect();
        let mut expected: Vec<_> =
            keys.iter().flat_map(|key| [format!("{key} is new"), key.clone()]).collect();
        expected.extend((account == &ada).then(|| "last".to_owned()));
        assert_eq!(told.iter().map(|d| d.body.clone()).collect::<Vec<_>>(), expected);
        assert!(told.windows(2).all(|two| two[0].sequence < two[1].sequence));
    }
}

async fn the_same_again_is_a_repeat_in_one_call_and_over_calls(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let twice = [
        post(vec![message(&id, "one"), message(&id, "one"), message(&id, "two")]),
        post(vec![message(&id, "two")]),
    ];
    let taken = store.take_in(&twice).await.unwrap();
    assert_eq!(counts(&taken), (2, 2, 2));
    let taken = take_in(&store, vec![message(&id, "one"), message(&id, "three")]).await;
    assert_eq!(counts(&taken), (1, 1, 1));
    assert_eq!(bodies(&claim(&store, START, ALL).await), ["one", "two", "three"]);
}

async fn the_same_key_of_another_kind_or_account_is_not_a_repeat(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let mut change = message(&ada, "one");
    change.kind = "change";
    let taken = take_in(&store, vec![message(&ada, "one"), message(&bob, "one"), change]).await;
    assert_eq!(counts(&taken), (3, 0, 3));
}

async fn of_handles_that_take_in_the_same_at_once_one_wins(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&here, "ada").await;
    for round in 0..10 {
        let key = format!("key {round}");
        let posts = [post(vec![message(&id, &key)])];
        let (one, other) = tokio::join!(here.take_in(&posts), there.take_in(&posts));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.arrivals.len() + other.arrivals.len(), 1);
        assert_eq!(one.repeats + other.repeats, 1);
    }
    assert_eq!(claim(&here, START, ALL).await.len(), 10);
}

async fn overlapping_batches_in_opposite_order_do_not_stand_in_each_others_way(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let (ada, bob) = (join(&here, "ada").await, join(&here, "bob").await);
    for round in 0..10 {
        let arrival = |n: i32| {
            let key = format!("{round}/{n}");
            message_from([&ada, &bob][usize::from(n % 2 == 0)], &key, &key)
        };
        let forwards = [post((0..100).map(arrival).collect())];
        let backwards = [post((0..100).rev().map(arrival).collect())];
        let (one, other) = tokio::join!(here.take_in(&forwards), there.take_in(&backwards));
        assert_eq!(one.unwrap().events.len() + other.unwrap().events.len(), 200);
    }
}

async fn a_contact_is_new_once_for_each_number_and_account(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let mut elsewhere = message_from(&ada, "3", "eve");
    elsewhere.contact.as_mut().unwrap().phone_number = "222".to_owned();
    take_in(
        &store,
        vec![message_from(&ada, "1", "eve"), message_from(&ada, "2", "eve"), elsewhere],
    )
    .await;
    take_in(&store, vec![message_from(&ada, "4", "eve"), message_from(&bob, "5", "eve")]).await;

    let claimed = deliver_all(&store, START).await;
    let told = ["eve is new", "1", "2", "eve is new", "3", "4", "eve is new", "5"];
    assert_eq!(bodies(&claimed), told);
}

async fn a_contact_is_new_once_for_handles_that_meet_it_at_once(place: Place) {
    let stores = [place.store().await, place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    let meet = stores.iter().zip(["1", "2", "3"]).map(|(store, key)| {
        let posts = [post(vec![message_from(&id, key, "eve")])];
        async move { store.take_in(&posts).await.unwrap().events.len() }
    });
    assert_eq!(join_all(meet).await.iter().sum::<usize>(), 4);
}

async fn what_nobody_wants_to_be_told_is_taken_in_without_events(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let silent = |key| {
        let mut arrival = message_from(&id, key, "eve");
        (arrival.lead, arrival.events) = (None, Vec::new());
        arrival
    };
    let taken = take_in(&store, vec![silent("one"), silent("one")]).await;
    assert_eq!(counts(&taken), (1, 1, 0));
    // Whoever was met in silence is not new any more.
    take_in(&store, vec![message_from(&id, "two", "eve")]).await;
    assert_eq!(bodies(&claim(&store, START, ALL).await), ["two"]);
}

async fn an_arrival_whose_account_is_gone_is_dropped_and_the_others_are_not(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    assert!(store.delete_account(&bob, &BY, at(START)).await.unwrap());
    let nobody = AccountId::from_stored("no\0body".to_owned());
    let arrivals = vec![message(&nobody, "x"), message(&bob, "y"), message(&ada, "z")];
    let taken = take_in(&store, arrivals).await;
    assert_eq!(counts(&taken), (1, 0, 1));
}

async fn what_is_taken_in_is_told_by_kind(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let status = |key: &str, kind: Option<StatusKind>| {
        let update = |kind| StatusUpdate {
            wamid: key.to_owned(),
            message: None,
            kind,
            recipient: None,
            at: at(START),
        };
        let events = vec![event(WebhookEvent::MessageStatus, key)];
        Arrival { kind: "status", status: kind.map(update), events, ..message(&id, key) }
    };
    let progress = |progress| Some(StatusKind::Progress(progress));
    let change = Arrival { kind: "change", events: Vec::new(), ..message(&id, "1") };
    let arrivals = vec![
        message_from(&id, "1", "eve"),
        change,
        status("s", progress(Progress::Sent)),
        status("s", progress(Progress::Sent)),
        status("d", progress(Progress::Delivered)),
        status("r", progress(Progress::Read)),
        status("p", progress(Progress::Played)),
        status("f", Some(StatusKind::Failed(None))),
        status("new", None),
    ];
    let taken = take_in(&store, arrivals).await;
    assert_eq!(
        taken.arrivals,
        [
            ArrivalKind::Message,
            ArrivalKind::Change,
            ArrivalKind::Sent,
            ArrivalKind::Delivered,
            ArrivalKind::Read,
            ArrivalKind::Played,
            ArrivalKind::Failed,
            ArrivalKind::Status,
        ]
    );
    assert_eq!(taken.repeats, 1);
    let mut events = vec![WebhookEvent::NewLead, WebhookEvent::NewMessage];
    events.extend([WebhookEvent::MessageStatus; 6]);
    assert_eq!(taken.events, events);
}

async fn a_failure_leaves_nothing_behind(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let posts = [post(vec![message_from(&id, "one", "eve")])];
    place.execute("ALTER TABLE inbound_posts RENAME TO elsewhere").await;
    let refused = store.take_in(&posts).await;
    assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    place.execute("ALTER TABLE elsewhere RENAME TO inbound_posts").await;

    assert!(claim(&store, START, ALL).await.is_empty());
    let taken = store.take_in(&posts).await.unwrap();
    assert_eq!(counts(&taken), (1, 0, 2));
}

async fn texts_of_any_kind_and_length_are_taken_in(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let long = "long".repeat(10_000);
    let texts = ["", "\0", "a\0b", "👋 '%_\\", &long];
    let arrivals = texts.iter().map(|text| {
        let mut arrival = message_from(&id, text, text);
        arrival.contact.as_mut().unwrap().phone_number.push('\0');
        arrival
    });
    let taken = take_in(&store, arrivals.collect()).await;
    assert_eq!(counts(&taken), (5, 0, 10));
    let claimed = deliver_all(&store, START).await;
    let told: Vec<_> = texts.iter().flat_map(|t| [format!("{t} is new"), (*t).into()]).collect();
    assert_eq!(bodies(&claimed), told);
}

async fn a_post_without_arrivals_is_kept(place: Place) {
    let store = place.store().await;
    for (keep, raw) in [(Keep::Unrouted, "{}"), (Keep::Unparsed, "no JSON"), (Keep::Unparsed, "")] {
        let raw = raw.as_bytes().to_vec();
        let post = InboundPost { received_at: at(START), raw, keep, arrivals: Vec::new() };
        assert_eq!(store.take_in(&[post]).await.unwrap(), TakenIn::default());
    }
    let kept = place.count("SELECT count(*) FROM inbound_posts WHERE keep = 'unparsed'").await;
    assert_eq!(kept, 2);
}

async fn what_was_taken_in_does_not_lie_there_in_clear(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let mut arrival = message_from(&id, "wamid.of-the-message", "4917012345678");
    arrival.events = vec![event(WebhookEvent::NewMessage, "the text of the message")];
    take_in(&store, vec![arrival]).await;

    for closed in [false, true] {
        if closed {
            store.close().await;
        }
        let written = crate::secrets::everything(&place).await;
        assert!(crate::secrets::holds(&written, "newMessage"), "the search itself works");
        for text in ["the text of the message", "4917012345678", "wamid.of", "the raw bytes"] {
            assert!(!crate::secrets::holds(&written, text), "{text} lies there in clear");
        }
    }
}

async fn posts_and_repeat_marks_are_forgotten_by_age_in_small_batches(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for (received_at, key) in [(1_000, "one"), (2_000, "two"), (3_000, "three")] {
        store.take_in(&[post_at(received_at, vec![message(&id, key)])]).await.unwrap();
    }
    let forget = async |posts: i64, marks: i64, limit: i64| {
        store.forget_inbound(at(posts), at(marks), limit).await.unwrap()
    };
    assert_eq!(forget(1_000, 1_000, ALL).await, 0);
    assert_eq!(forget(3_000, 3_000, 1).await, 2);
    assert_eq!(place.count("SELECT count(*) FROM inbound_posts").await, 2);
    // A mark may be kept for longer than the post.
    assert_eq!(forget(3_000, 2_000, ALL).await, 1);
    assert_eq!(take_in(&store, vec![message(&id, "two")]).await.repeats, 1);
    assert_eq!(forget(0, 3_000, ALL).await, 1);
    assert_eq!(forget(0, 3_000, ALL).await, 0);

    assert_eq!(take_in(&store, vec![message(&id, "three")]).await.repeats, 1);
    assert_eq!(take_in(&store, vec![message(&id, "one")]).await.arrivals.len(), 1);
}

async fn a_status_moves_its_message_forward_in_the_same_commit(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let record = record(&id);
    let message_id = record.id.clone();
    store.record_messages(std::slice::from_ref(&record)).await.unwrap();
    let status = |progress, now: i64| {
        let mut arrival = message(&id, &format!("wamid.1 {progress:?} {now}"));
        arrival.kind = "status";
        arrival.status = Some(StatusUpdate {
            wamid: "wamid.1".to_owned(),
            message: Some(message_id.clone()),
            kind: StatusKind::Progress(progress),
            recipient: None,
            at: at(now),
        });
        arrival
    };
    let progress = async || {
        let found = store.message(&id, "wamid.1").await.unwrap();
        found.and_then(|found| found.progress)
    };
    let mut first = post(vec![status(Progress::Delivered, 3_000)]);
    place.execute("ALTER TABLE inbound_posts RENAME TO elsewhere").await;
    store.take_in(std::slice::from_ref(&first)).await.unwrap_err();
    place.execute("ALTER TABLE elsewhere RENAME TO inbound_posts").await;
    assert_eq!(progress().await, None);

    first.arrivals.push(status(Progress::Sent, 2_000));
    store.take_in(&[first]).await.unwrap();
    assert_eq!(progress().await, Some(Progress::Delivered));
    let late = vec![status(Progress::Sent, 2_500), status(Progress::Read, 4_000)];
    take_in(&store, late).await;
    assert_eq!(progress().await, Some(Progress::Read));
}
