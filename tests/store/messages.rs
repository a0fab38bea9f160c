//! The records of messages: how they are written, moved forward, found and forgotten.

use avenping_gateway::model::{
    AccountId, MessageId, MessageRecord, MessageStatus, Progress, SendOutcome, SendResult,
    StatusKind, StatusUpdate,
};
use avenping_gateway::store::{MessageFilter, Store};
use futures_util::future::join_all;

use crate::fixtures::{BY, START, accepted, at, graph_id, join, record};
use crate::harness::{Place, cases};
use crate::posts::ALL;

cases![
    a_record_is_read_back_by_our_id_and_by_metas,
    a_record_that_is_there_already_is_left_as_it_is,
    a_record_whose_account_is_gone_is_dropped_and_the_others_are_not,
    a_record_is_never_refused_for_what_it_holds,
    a_status_moves_a_message_forward_and_never_back,
    a_failure_stands_beside_what_was_reached,
    a_status_finds_its_message_by_our_id_or_by_metas_and_in_its_account_alone,
    a_status_without_a_message_waits_for_it_under_either_id,
    statuses_of_several_handles_at_once_are_all_applied,
    the_reference_of_a_message_is_known_by_its_statuses,
    messages_are_listed_newest_first_page_by_page,
    a_list_is_narrowed_by_each_part_of_the_filter,
    what_few_messages_match_is_found_page_by_page_among_many,
    messages_and_waiting_statuses_are_forgotten_by_age_in_small_batches,
];

fn sent(account: &AccountId, wamid: &str) -> MessageRecord {
    MessageRecord { result: Some(accepted(wamid)), ..record(account) }
}

fn told(wamid: &str, progress: Progress, now: i64) -> StatusUpdate {
    let (wamid, kind, at) = (wamid.to_owned(), StatusKind::Progress(progress), at(now));
    StatusUpdate { wamid, message: None, kind, recipient: None, at }
}

async fn tell(store: &Store, account: &AccountId, statuses: Vec<StatusUpdate>) {
    let told: Vec<_> = statuses.into_iter().map(|status| (account.clone(), status)).collect();
    store.apply_statuses(&told).await.unwrap();
}

async fn read(store: &Store, account: &AccountId, id: &str) -> MessageRecord {
    store.message(account, id).await.unwrap().expect("the message is there")
}

async fn ids(store: &Store, account: &AccountId, filter: &MessageFilter) -> Vec<MessageId> {
    let page = store.messages(account, filter, None, ALL).await.unwrap();
    assert_eq!(page.next, None);
    page.messages.into_iter().map(|record| record.id).collect()
}

async fn the_reference_of_a_message_is_known_by_its_statuses(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let named = MessageRecord { reference: Some("order-7".to_owned()), ..sent(&ada, "wamid.1") };
    let ours = MessageRecord { reference: Some("order-8".to_owned()), ..record(&ada) };
    let (plain, by_id) = (sent(&ada, "wamid.2"), ours.id.clone());
    store.record_messages(&[named, plain, ours]).await.unwrap();
    let status = |wamid| told(wamid, Progress::Sent, 1);
    let asked = [
        (ada.clone(), status("wamid.2")),
        (ada.clone(), status("wamid.1")),
        (bob, status("wamid.1")),
        (ada.clone(), StatusUpdate { message: Some(by_id), ..status("wamid.3") }),
        (ada, status("wamid.unheard-of")),
    ];
    let references = store.references(&asked).await.unwrap();
    let references: Vec<_> = references.iter().map(Option::as_deref).collect();
    assert_eq!(references, [None, Some("order-7"), None, Some("order-8"), None]);
    assert_eq!(store.references(&[]).await.unwrap(), [None; 0]);
}

async fn a_record_is_read_back_by_our_id_and_by_metas(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let full = MessageRecord {
        reference: Some("order-7".to_owned()),
        form: Some("4711".to_owned()),
        result: Some(SendResult { wa_id: Some("49170".to_owned()), ..accepted("wamid.1") }),
        progress: Some(Progress::Read),
        sent_at: Some(at(2_000)),
        delivered_at: Some(at(3_000)),
        read_at: Some(at(4_000)),
        failed_at: Some(at(5_000)),
        error: Some(r#"{"code":1}"#.to_owned()),
        ..record(&ada)
    };
    let bare = record(&ada);
    store.record_messages(&[full.clone(), bare.clone()]).await.unwrap();
    assert_eq!(read(&store, &ada, full.id.as_str()).await, full);
    assert_eq!(read(&store, &ada, "wamid.1").await, full);
    assert_eq!(read(&store, &ada, bare.id.as_str()).await, bare);
    for id in [full.id.as_str(), "wamid.1", "", "\0"] {
        assert_eq!(store.message(&bob, id).await.unwrap(), None);
    }
    store.record_messages(&[]).await.unwrap();
}

async fn a_record_that_is_there_already_is_left_as_it_is(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let first = sent(&id, "wamid.1");
    let again = MessageRecord { kind: "media".to_owned(), ..first.clone() };
    store.record_messages(std::slice::from_ref(&first)).await.unwrap();
    store.record_messages(&[again, sent(&id, "wamid.2")]).await.unwrap();
    assert_eq!(read(&store, &id, "wamid.1").await, first);
    read(&store, &id, "wamid.2").await;
}

async fn a_record_whose_account_is_gone_is_dropped_and_the_others_are_not(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    assert!(store.delete_account(&bob, &BY, at(START)).await.unwrap());
    let nobody = AccountId::generate();
    let records = [sent(&bob, "wamid.1"), sent(&nobody, "wamid.2"), sent(&ada, "wamid.3")];
    store.record_messages(&records).await.unwrap();
    read(&store, &ada, "wamid.3").await;
    assert_eq!(place.count("SELECT count(*) FROM messages").await, 1);
}

async fn a_record_is_never_refused_for_what_it_holds(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let long = "order-".repeat(1_000);
    let odd = MessageRecord {
        to: "49\x00170".to_owned(),
        kind: "te\0xt".to_owned(),
        reference: Some(long.clone()),
        error: Some("\0".to_owned()),
        ..sent(&id, "wamid\0.1")
    };
    store.record_messages(&[odd.clone(), sent(&id, "wamid.2")]).await.unwrap();
    let kept = read(&store, &id, "wamid\0.1").await;
    assert_eq!((kept.to.as_str(), kept.kind.as_str()), ("49\u{fffd}170", "te\u{fffd}xt"));
    assert_eq!(kept.reference.as_deref(), long.get(..2_000));
    for filter in [
        MessageFilter { reference: Some(long), ..Default::default() },
        MessageFilter { to: Some("49\x00170".to_owned()), ..Default::default() },
    ] {
        assert_eq!(ids(&store, &id, &filter).await, std::slice::from_ref(&odd.id));
    }
}

async fn a_status_moves_a_message_forward_and_never_back(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let unknown = SendResult { outcome: SendOutcome::Unknown, wamid: None, wa_id: None };
    let message = MessageRecord { result: Some(unknown), ..record(&id) };
    store.record_messages(std::slice::from_ref(&message)).await.unwrap();

    let mut first = told("wamid.1", Progress::Delivered, 3_000);
    (first.message, first.recipient) = (Some(message.id.clone()), Some("49170".to_owned()));
    let late =
        StatusUpdate { message: first.message.clone(), ..told("wamid.1", Progress::Sent, 2_000) };
    tell(&store, &id, vec![first, late]).await;
    let now = read(&store, &id, message.id.as_str()).await;
    assert_eq!((now.status(), now.progress), (MessageStatus::Delivered, Some(Progress::Delivered)));
    assert_eq!((now.sent_at, now.delivered_at), (Some(at(2_000)), Some(at(3_000))));
    let result = SendResult { wa_id: Some("49170".to_owned()), ..accepted("wamid.1") };
    assert_eq!(now.result, Some(result));

    // What was told once stays; what Meta left out stays empty.
    let mut other = told("wamid.1", Progress::Sent, 9_000);
    other.recipient = Some("somebody else".to_owned());
    tell(&store, &id, vec![told("wamid.1", Progress::Played, 5_000), other]).await;
    let last = read(&store, &id, "wamid.1").await;
    assert_eq!(last, MessageRecord { progress: Some(Progress::Played), ..now });
}

async fn a_failure_stands_beside_what_was_reached(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    store.record_messages(&[sent(&id, "wamid.1")]).await.unwrap();
    let failed = |error: &str, now: i64| StatusUpdate {
        kind: StatusKind::Failed(Some(error.to_owned())),
        ..told("wamid.1", Progress::Sent, now)
    };
    tell(&store, &id, vec![failed("first", 2_000), failed("second", 3_000)]).await;
    tell(&store, &id, vec![failed("third", 4_000)]).await;
    let now = read(&store, &id, "wamid.1").await;
    assert_eq!((now.status(), now.progress), (MessageStatus::Failed, None));
    assert_eq!((now.failed_at, now.error.as_deref()), (Some(at(2_000)), Some("first")));
    tell(&store, &id, vec![told("wamid.1", Progress::Delivered, 5_000)]).await;
    let now = read(&store, &id, "wamid.1").await;
    assert_eq!((now.status(), now.error.as_deref()), (MessageStatus::Delivered, Some("first")));
}

async fn a_status_finds_its_message_by_our_id_or_by_metas_and_in_its_account_alone(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let (one, two) = (sent(&ada, "wamid.1"), record(&ada));
    store.record_messages(&[one.clone(), two.clone()]).await.unwrap();
    let with_id = |wamid: &str, id: &MessageId| StatusUpdate {
        message: Some(id.clone()),
        ..told(wamid, Progress::Read, 2_000)
    };
    let progress = async |id: &MessageId| read(&store, &ada, id.as_str()).await.progress;

    // Another account's; and our id, on another message of Meta's than the one that is known.
    tell(&store, &bob, vec![with_id("wamid.1", &one.id), with_id("wamid.2", &two.id)]).await;
    tell(&store, &ada, vec![with_id("wamid.9", &one.id)]).await;
    assert_eq!((progress(&one.id).await, progress(&two.id).await), (None, None));

    tell(&store, &ada, vec![with_id("wamid.2", &two.id)]).await;
    assert_eq!((progress(&one.id).await, progress(&two.id).await), (None, Some(Progress::Read)));
    tell(&store, &ada, vec![with_id("wamid.1", &MessageId::generate())]).await;
    assert_eq!(progress(&one.id).await, Some(Progress::Read));
}

async fn a_status_without_a_message_waits_for_it_under_either_id(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let (by_wamid, by_id, never) = (sent(&id, "wamid.1"), record(&id), sent(&id, "wamid.3"));
    let mut with_id = told("wamid.2", Progress::Read, 3_000);
    with_id.message = Some(by_id.id.clone());
    let early =
        vec![told("wamid.1", Progress::Delivered, 2_000), told("wamid.1", Progress::Sent, 1_500)];
    for statuses in [early.clone(), early, vec![with_id], vec![told("wamid.4", Progress::Sent, 1)]]
    {
        tell(&store, &id, statuses).await;
    }
    tell(&store, &AccountId::generate(), vec![told("wamid.1", Progress::Read, 9_000)]).await;
    let waiting = "SELECT count(*) FROM waiting_statuses";
    assert_eq!(place.count(waiting).await, 4);

    let records = [by_wamid.clone(), by_id.clone(), never.clone()];
    store.record_messages(&records).await.unwrap();
    assert_eq!(place.count(waiting).await, 1);
    let first = read(&store, &id, by_wamid.id.as_str()).await;
    let reached = (first.progress, first.sent_at, first.delivered_at);
    assert_eq!(reached, (Some(Progress::Delivered), Some(at(1_500)), Some(at(2_000))));
    let second = read(&store, &id, by_id.id.as_str()).await;
    assert_eq!((second.progress, second.result), (Some(Progress::Read), Some(accepted("wamid.2"))));
    assert_eq!(read(&store, &id, never.id.as_str()).await, never);
}

async fn statuses_of_several_handles_at_once_are_all_applied(place: Place) {
    let stores = [place.store().await, place.store().await, place.store().await];
    let id = join(&stores[0], "ada").await;
    let wamid = |n: i32| format!("wamid.{n}");
    // One handle records while the others tell, in an order of their own.
    let records: Vec<_> = (0..60).map(|n| sent(&id, &wamid(n))).collect();
    let tell_all = |handle: usize, progress, now: i64| {
        let mut told: Vec<_> =
            (0..60).map(|n| (id.clone(), told(&wamid(n), progress, now))).collect();
        told.rotate_left(handle * 23);
        let store = &stores[handle];
        async move { store.apply_statuses(&told).await.unwrap() }
    };
    let recording = async { stores[0].record_messages(&records).await.unwrap() };
    let telling = [tell_all(1, Progress::Sent, 2_000), tell_all(2, Progress::Read, 3_000)];
    tokio::join!(recording, join_all(telling));

    for n in 0..60 {
        let now = read(&stores[0], &id, &wamid(n)).await;
        assert_eq!((now.progress, now.sent_at), (Some(Progress::Read), Some(at(2_000))));
    }
    assert_eq!(place.count("SELECT count(*) FROM waiting_statuses").await, 0);
}

async fn messages_are_listed_newest_first_page_by_page(place: Place) {
    let store = place.store().await;
    let (ada, bob) = (join(&store, "ada").await, join(&store, "bob").await);
    let records: Vec<_> = (0..7).map(|_| record(&ada)).collect();
    store.record_messages(&records).await.unwrap();
    store.record_messages(&[record(&bob)]).await.unwrap();
    let mut expected: Vec<_> = records.into_iter().map(|record| record.id).collect();
    expected.sort();
    expected.reverse();

    let all = MessageFilter::default();
    for (limit, at_most) in [1, 3, 6, 7, 8].into_iter().zip([1, 3, 6, 7, 8]) {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.messages(&ada, &all, after.as_ref(), at_most).await.unwrap();
            assert!((1..=limit).contains(&page.messages.len()));
            seen.extend(page.messages.into_iter().map(|record| record.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{limit}");
    }
    // The one behind which a page begins need not be there.
    let page = store.messages(&ada, &all, Some(&MessageId::generate()), 2).await.unwrap();
    assert_eq!(page.messages.len(), 2);
    let odd = MessageId::from_stored("\0".to_owned());
    store.messages(&ada, &all, Some(&odd), 2).await.unwrap();
}

async fn a_list_is_narrowed_by_each_part_of_the_filter(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let with_outcome = |outcome| {
        let result = SendResult { outcome, wamid: None, wa_id: None };
        MessageRecord { result: Some(result), ..record(&id) }
    };
    let progressed = |progress| MessageRecord { progress: Some(progress), ..sent(&id, "") };
    let failed = MessageRecord { failed_at: Some(at(2_000)), ..progressed(Progress::Sent) };
    let mut all = vec![
        record(&id),
        with_outcome(SendOutcome::Accepted),
        with_outcome(SendOutcome::NotSent),
        with_outcome(SendOutcome::Rejected),
        with_outcome(SendOutcome::Unknown),
        progressed(Progress::Sent),
        progressed(Progress::Delivered),
        progressed(Progress::Read),
        progressed(Progress::Played),
        failed,
    ];
    for (n, record) in all.iter_mut().enumerate() {
        record.reference = (n % 2 == 0).then(|| "even".to_owned());
        record.to = format!("4917{}", n % 3);
        record.phone_number = graph_id(if n < 4 { "111" } else { "222" });
    }
    store.record_messages(&all).await.unwrap();

    for status in MessageStatus::ALL {
        for (reference, to, number) in [
            (None, None, None),
            (Some("even"), None, None),
            (None, Some("49170"), None),
            (Some("even"), Some("49171"), Some("222")),
            (None, None, Some("111")),
            (Some("odd"), None, None),
        ] {
            let filter = MessageFilter {
                reference: reference.map(str::to_owned),
                to: to.map(str::to_owned),
                phone_number: number.map(graph_id),
                status: Some(status),
            };
            let expected = all.iter().filter(|record| {
                record.status() == status
                    && reference.is_none_or(|own| record.reference.as_deref() == Some(own))
                    && to.is_none_or(|to| record.to == to)
                    && number.is_none_or(|number| record.phone_number == graph_id(number))
            });
            let mut expected: Vec<_> = expected.map(|record| record.id.clone()).collect();
            expected.sort();
            expected.reverse();
            assert_eq!(ids(&store, &id, &filter).await, expected, "{filter:?}");
        }
    }
}

/// 25,000 messages of one account, the oldest of which has the smallest id; half of them to one
/// receiver. Of all of them four failed.
const MANY: [&str; 2] = [
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 25000)
     INSERT INTO messages
         (account_id, id, phone_number_id, recipient, kind, created_at, outcome, failed_at)
     SELECT a.id, printf('%08d', n), '111', '4917' || (n % 2), 'text', 1000, 1,
            CASE WHEN n IN (1, 7000, 14999, 24000) THEN 1 END
     FROM numbers, accounts a",
    "INSERT INTO messages
         (account_id, id, phone_number_id, recipient, kind, created_at, outcome, failed_at)
     SELECT a.id, lpad(n::text, 8, '0'), '111', '4917' || (n % 2), 'text', 1000, 1,
            CASE WHEN n IN (1, 7000, 14999, 24000) THEN 1 END
     FROM generate_series(1, 25000) n, accounts a",
];

async fn what_few_messages_match_is_found_page_by_page_among_many(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    place.execute(MANY[usize::from(!place.is_file())]).await;
    let failed = MessageFilter { status: Some(MessageStatus::Failed), ..Default::default() };
    let to_one = MessageFilter { to: Some("49171".to_owned()), ..failed.clone() };
    let nothing = MessageFilter { phone_number: Some(graph_id("9")), ..Default::default() };
    let everything = MessageFilter { phone_number: Some(graph_id("111")), ..Default::default() };
    let pages = async |filter: &MessageFilter, limit: i64| {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = store.messages(&id, filter, after.as_ref(), limit).await.unwrap();
            let numbers = page.messages.iter().map(|record| record.id.as_str().parse::<i64>());
            pages.push(numbers.map(Result::unwrap).collect::<Vec<_>>());
            if page.next.is_none() {
                return pages;
            }
            after = page.next;
        }
    };
    // Each page but a full one has looked at ten thousand.
    assert_eq!(pages(&failed, 20).await, [vec![24_000], vec![14_999, 7_000], vec![1]]);
    assert_eq!(pages(&failed, 1).await, [vec![24_000], vec![14_999], vec![7_000], vec![1]]);
    assert_eq!(pages(&to_one, 20).await, [vec![14_999], vec![1]]);
    assert_eq!(pages(&nothing, 20).await, [[0; 0]; 3]);
    let all = pages(&everything, 9_000).await;
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [9_000, 9_000, 7_000]);
    assert!(all.concat().into_iter().eq((1..=25_000).rev()));
}

async fn messages_and_waiting_statuses_are_forgotten_by_age_in_small_batches(place: Place) {
    let store = place.store().await;
    let id = join(&store, "ada").await;
    let aged = |now: i64| MessageRecord { created_at: at(now), ..sent(&id, &format!("m{now}")) };
    store.record_messages(&[2_000, 1_000, 3_000].map(aged)).await.unwrap();
    let forget = async |before: i64, limit: i64| {
        let messages = store.forget_messages(at(before), limit).await.unwrap();
        (messages, store.forget_waiting_statuses(at(before), limit).await.unwrap())
    };
    let waiting = [2_000, 1_000, 3_000].map(|now| told(&format!("w{now}"), Progress::Sent, now));
    tell(&store, &id, waiting.into()).await;

    assert_eq!(forget(START, ALL).await, (0, 0));
    assert_eq!(forget(3_000, 0).await, (0, 0));
    assert_eq!(forget(3_000, 1).await, (1, 1));
    assert_eq!(store.message(&id, "m1000").await.unwrap(), None);
    assert_eq!(forget(3_000, ALL).await, (1, 1));
    assert_eq!(forget(3_000, ALL).await, (0, 0));
    read(&store, &id, "m3000").await;
    store.record_messages(&["w2000", "w3000"].map(|wamid| sent(&id, wamid))).await.unwrap();
    assert_eq!(read(&store, &id, "w2000").await.progress, None);
    assert_eq!(read(&store, &id, "w3000").await.progress, Some(Progress::Sent));
}
