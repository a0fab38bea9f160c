//! Looking at a key without claiming it.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{AccountId, MessageId, MessageRecord, SendOutcome, SendResult};
use avenping_gateway::store::{Claimed, SendClaim, SendEnd, Store, StoreError, StoredReply};

use crate::fixtures::{START, at, graph_id, join};
use crate::harness::{Place, cases};

cases![
    a_free_key_stays_free,
    a_held_key_is_told_of_as_to_one_who_claims_it,
    a_lease_that_ran_out_is_unknown_for_good,
    a_key_is_its_accounts_own,
    a_key_that_no_database_keeps_is_refused,
];

fn claim(account: &AccountId, key: &str, fingerprint: u8) -> Arc<SendClaim> {
    let message = MessageRecord {
        id: MessageId::generate(),
        account: account.clone(),
        phone_number: graph_id("111"),
        to: "15551234567".to_owned(),
        kind: "text".to_owned(),
        reference: None,
        form: None,
        created_at: at(START),
        result: None,
        progress: None,
        sent_at: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        error: None,
    };
    let lease = Duration::from_secs(600);
    Arc::new(SendClaim { key: key.to_owned(), fingerprint: [fingerprint; 32], message, lease })
}

async fn held(store: &Store, account: &AccountId, key: &str, fingerprint: u8) -> Option<Claimed> {
    store.held_send(&claim(account, key, fingerprint)).await.unwrap()
}

async fn a_free_key_stays_free(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    for _ in 0..2 {
        assert_eq!(held(&store, &id, "k", 1).await, None);
    }
    assert_eq!(store.claim_send(&claim(&id, "k", 1)).await.unwrap(), Claimed::Won);
    assert_eq!(held(&store, &AccountId::generate(), "k", 1).await, None);
}

async fn a_held_key_is_told_of_as_to_one_who_claims_it(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let reply = StoredReply { status: 200, body: b"{}".to_vec() };
    let result = SendResult {
        outcome: SendOutcome::Accepted,
        wamid: Some("wamid.1".to_owned()),
        wa_id: None,
    };
    for (key, end) in [
        ("running", None),
        ("sent", Some(SendEnd::Final(reply.clone()))),
        ("unknown", Some(SendEnd::Unknown(reply.clone()))),
        ("released", Some(SendEnd::Released)),
    ] {
        let won = claim(&id, key, 1);
        assert_eq!(store.claim_send(&won).await.unwrap(), Claimed::Won);
        let message = won.message.id.clone();
        if let Some(end) = &end {
            let outcome = match end {
                SendEnd::Final(_) => SendOutcome::Accepted,
                SendEnd::Unknown(_) => SendOutcome::Unknown,
                SendEnd::Released => SendOutcome::NotSent,
            };
            let wamid = result.wamid.clone().filter(|_| outcome == SendOutcome::Accepted);
            let result = SendResult { outcome, wamid, wa_id: None };
            let ending = won.ended(end.clone(), result, at(START));
            let ended = store.end_send(&ending).await;
            assert!(ended.unwrap());
        }
        let reply = reply.clone();
        let expected = match end {
            None => Some(Claimed::InProgress),
            Some(SendEnd::Final(_)) => Some(Claimed::Finished { message, reply }),
            Some(SendEnd::Unknown(_)) => Some(Claimed::Unknown { message, reply: Some(reply) }),
            Some(SendEnd::Released) => None,
        };
        assert_eq!(held(&store, &id, key, 1).await, expected, "{key}");
        let other = expected.map(|_| Claimed::Reused);
        assert_eq!(held(&store, &id, key, 2).await, other, "{key}");
    }
}

async fn a_lease_that_ran_out_is_unknown_for_good(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let lapsed =
        Arc::new(SendClaim { lease: Duration::ZERO, ..Arc::unwrap_or_clone(claim(&id, "k", 1)) });
    assert_eq!(store.claim_send(&lapsed).await.unwrap(), Claimed::Won);
    let unknown = Claimed::Unknown { message: lapsed.message.id.clone(), reply: None };
    assert_eq!(held(&store, &id, "k", 1).await, Some(unknown.clone()));
    // It was written down before it was told: nobody may release it any more.
    let result = SendResult { outcome: SendOutcome::NotSent, wamid: None, wa_id: None };
    let released = lapsed.ended(SendEnd::Released, result, at(START));
    assert!(!store.end_send(&released).await.unwrap());
    assert_eq!(store.claim_send(&claim(&id, "k", 1)).await.unwrap(), unknown);
}

async fn a_key_is_its_accounts_own(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    store.claim_send(&claim(&ada, "k", 1)).await.unwrap();
    assert_eq!(held(&store, &ada, "k", 1).await, Some(Claimed::InProgress));
    assert_eq!(held(&store, &bob, "k", 1).await, None);
}

async fn a_key_that_no_database_keeps_is_refused(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let refused = store.held_send(&claim(&id, "a\0b", 1)).await;
    assert!(matches!(refused, Err(StoreError::Nul(_))), "{refused:?}");
}
