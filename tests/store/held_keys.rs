//! Whether a key stands for a send.

use std::sync::Arc;
use std::time::Duration;

use avenping_gateway::model::{AccountId, MessageId, MessageRecord, SendOutcome, SendResult};
use avenping_gateway::store::{Claimed, SendClaim, SendEnd, Store, StoredReply};

use crate::fixtures::{START, at, graph_id, join};
use crate::harness::{Place, cases};

cases![a_key_stands_for_a_send_until_it_is_released_and_for_its_own_account];

fn record(account: &AccountId) -> MessageRecord {
    MessageRecord {
        id: MessageId::generate(),
        account: account.clone(),
        phone_number: graph_id("106"),
        to: "15551234567".to_owned(),
        kind: "template".to_owned(),
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
    }
}

async fn claim(store: &Store, account: &AccountId, key: &str) -> Arc<SendClaim> {
    let message = record(account);
    let lease = Duration::from_secs(60);
    let claim = Arc::new(SendClaim { key: key.to_owned(), fingerprint: [1; 32], message, lease });
    assert_eq!(store.claim_send(&claim).await.unwrap(), Claimed::Won);
    claim
}

async fn end(store: &Store, claim: &Arc<SendClaim>, end: SendEnd) {
    let outcome = SendOutcome::NotSent;
    let result = SendResult { outcome, wamid: None, wa_id: None };
    assert!(store.end_send(&claim.ended(end, result, at(START))).await.unwrap());
}

async fn a_key_stands_for_a_send_until_it_is_released_and_for_its_own_account(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let reply = || StoredReply { status: 200, body: b"{}".to_vec() };
    assert!(!store.holds_send(&ada, "k").await.unwrap());
    for ending in [SendEnd::Final(reply()), SendEnd::Unknown(reply()), SendEnd::Released] {
        let key = format!("{ending:?}");
        let released = matches!(ending, SendEnd::Released);
        let claim = claim(&store, &ada, &key).await;
        assert!(store.holds_send(&ada, &key).await.unwrap(), "{key} while it runs");
        assert!(!store.holds_send(&bob, &key).await.unwrap());
        end(&store, &claim, ending).await;
        assert_eq!(store.holds_send(&ada, &key).await.unwrap(), !released, "{key}");
    }
    assert!(store.holds_send(&ada, "\0").await.is_err());
}
