//! A new contact is told of before their message.

use avenping_gateway::store::AttemptEnd;

use crate::fixtures::{BY, START, at, join};
use crate::harness::{Place, cases};
use crate::posts::{
    ALL, LEASE, bodies, claim, claim_one, deliver_all, end, message, message_from, take_in,
};

cases![
    whoever_is_known_by_one_of_their_ids_is_not_new,
    a_message_waits_until_its_lead_was_attempted_however_that_ends,
    a_lead_whose_worker_died_is_still_first,
    a_message_that_is_asked_for_by_hand_does_not_wait_for_a_lead_that_is_paused,
];

async fn whoever_is_known_by_one_of_their_ids_is_not_new(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let from = |key: &str, senders: &[&str]| {
        let mut arrival = message_from(&id, key, key);
        let senders = senders.iter().map(|sender| (*sender).to_owned()).collect();
        arrival.contact.as_mut().unwrap().senders = senders;
        arrival
    };
    let number_first = ["15551234567", "US.1"];
    take_in(&store, vec![from("1", &number_first[..1]), from("2", &number_first)]).await;
    take_in(&store, vec![from("3", &number_first[1..])]).await;
    let user_first = ["15557654321", "US.2"];
    take_in(&store, vec![from("4", &user_first[1..])]).await;
    take_in(&store, vec![from("5", &user_first), from("6", &user_first[..1])]).await;
    let told = ["1 is new", "1", "2", "3", "4 is new", "4", "5", "6"];
    assert_eq!(bodies(&deliver_all(&store, START).await), told);
}

async fn a_message_waits_until_its_lead_was_attempted_however_that_ends(place: Place) {
    let (here, there) = (place.store().await, place.store().await);
    let id = join(&here, "ada").await;
    let ends = [AttemptEnd::Delivered, AttemptEnd::Retry(at(START + LEASE)), AttemptEnd::Dead];
    for (round, ended) in ends.into_iter().enumerate() {
        let eve = format!("eve {round}");
        let arrivals = [
            message(&id, &format!("before {round}")),
            message_from(&id, &format!("1st {round}"), &eve),
            message_from(&id, &format!("2nd {round}"), &eve),
            message(&id, &format!("behind {round}")),
        ];
        take_in(&here, arrivals.into()).await;
        let claimed = claim(&here, START, ALL).await;
        let told = [format!("before {round}"), format!("{eve} is new"), format!("behind {round}")];
        assert_eq!(bodies(&claimed), told);
        assert!(claim(&there, START, ALL).await.is_empty(), "another has the lead");

        assert!(end(&here, &claimed[1], AttemptEnd::GiveBack, START).await);
        let lead = claim_one(&there, START).await;
        assert_eq!(lead.id, claimed[1].id);
        assert!(end(&there, &lead, ended, START).await);
        let behind = claim(&here, START, ALL).await;
        assert_eq!(bodies(&behind), [format!("1st {round}"), format!("2nd {round}")]);
        for delivery in [&claimed[0], &claimed[2], &behind[0], &behind[1]] {
            assert!(end(&here, delivery, AttemptEnd::Delivered, START).await);
        }
    }
}

async fn a_lead_whose_worker_died_is_still_first(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    take_in(&store, vec![message_from(&id, "1st", "eve")]).await;
    for now in [START, START + LEASE] {
        assert_eq!(claim_one(&store, now).await.body, "eve is new");
    }
    assert_eq!(store.oldest_due(at(START + LEASE)).await.unwrap(), None);
}

async fn a_message_that_is_asked_for_by_hand_does_not_wait_for_a_lead_that_is_paused(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    take_in(&store, vec![message(&id, "gone"), message_from(&id, "1st", "eve")]).await;
    let gone = claim(&store, START, 1).await.remove(0);
    assert!(end(&store, &gone, AttemptEnd::Disable("gone"), START).await);

    let newest = store.deliveries(&id, None, None, 2).await.unwrap();
    assert!(store.redeliver(&id, &newest[0].id, &BY, at(START)).await.unwrap());
    let first = claim_one(&store, START).await;
    assert_eq!(first.body, "1st");
    assert!(end(&store, &first, AttemptEnd::GiveBack, START).await);
    // Unless both are asked for.
    assert!(store.redeliver(&id, &newest[1].id, &BY, at(START)).await.unwrap());
    let lead = claim_one(&store, START).await;
    assert_eq!(lead.body, "eve is new");
    assert!(end(&store, &lead, AttemptEnd::Delivered, START).await);
    assert_eq!(claim_one(&store, START).await.body, "1st");
}
