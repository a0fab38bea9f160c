//! What taking in posts comes to, as far as both databases do it alike: which arrivals are new,
//! and what is then written, sealed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::inbound::{Arrival, Contact, InboundPost, Keep, TakenIn};
use super::keyring::{DataKey, MARK_BYTES, WrappedKey};
use super::text::kept_key;
use super::{Cause, Keyring, StoreError};
use crate::model::{AccountId, DeliveryId, NewEvent, StatusUpdate, Timestamp, WebhookEvent};

const SEEN: &str = "inbound_seen.mark";
const CONTACT: &str = "contacts.mark";
pub(super) const PAYLOAD: &str = "inbound_posts.payload";
pub(super) const BODY: &str = "events.body";

pub(super) type Mark = [u8; MARK_BYTES];

/// The data keys of the accounts that are there.
#[derive(Default)]
pub(super) struct DataKeys(HashMap<String, Arc<OpenKey>>);

/// A data key, and how it is stored.
pub(super) struct OpenKey {
    pub(super) wrapped: Vec<u8>,
    key: DataKey,
}

impl FromIterator<(String, Arc<OpenKey>)> for DataKeys {
    fn from_iter<K: IntoIterator<Item = (String, Arc<OpenKey>)>>(keys: K) -> Self {
        Self(keys.into_iter().collect())
    }
}

/// An arrival of an account that is there.
pub(super) struct Marked<'a> {
    arrival: &'a Arrival,
    received_at: Timestamp,
    key: &'a DataKey,
    mark: Mark,
    /// Of each id of the sender.
    contact: Vec<Mark>,
}

/// A row of `inbound_seen` or `contacts`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MarkRow<'a> {
    pub(super) account: &'a str,
    pub(super) mark: Mark,
    pub(super) at: i64,
}

/// An event, and the delivery of it that is made with it.
pub(super) struct EventRow<'a> {
    pub(super) account: &'a str,
    pub(super) id: &'a str,
    pub(super) kind: WebhookEvent,
    pub(super) body: Vec<u8>,
    pub(super) delivery: DeliveryId,
    /// The delivery whose first attempt comes before that of this one.
    pub(super) follows: Option<DeliveryId>,
    pub(super) created_at: i64,
}

pub(super) struct PostRow {
    pub(super) received_at: i64,
    pub(super) keep: &'static str,
    pub(super) payload: WrappedKey,
}

/// The accounts that the posts name, each once, in the order in which all callers lock them.
pub(super) fn accounts(posts: &[InboundPost]) -> Vec<&str> {
    let arrivals = posts.iter().flat_map(|post| &post.arrivals);
    let mut accounts: Vec<_> = arrivals.map(|arrival| arrival.account.as_str()).collect();
    // PostgreSQL would take U+0000 for an error; no account has it in its id.
    accounts.retain(|account| !account.contains('\0'));
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

pub(super) fn sealed(posts: &[InboundPost], keyring: &Keyring) -> Result<Vec<PostRow>, StoreError> {
    let seal = |post: &InboundPost| {
        let keep = match post.keep {
            Keep::Routed => "routed",
            Keep::Unrouted => "unrouted",
            Keep::Unparsed => "unparsed",
        };
        let payload = keyring.seal_shared(PAYLOAD, &post.raw)?;
        Ok(PostRow { received_at: post.received_at.as_millis(), keep, payload })
    };
    posts.iter().map(seal).collect()
}

impl DataKeys {
    pub(super) fn open(
        wrapped: Vec<(String, Vec<u8>)>,
        keyring: &Keyring,
    ) -> Result<Self, StoreError> {
        let open = |(account, wrapped): (String, Vec<u8>)| {
            let key = keyring.data_key(&AccountId::from_stored(account.clone()), &wrapped)?;
            Ok((account, Arc::new(OpenKey { wrapped, key })))
        };
        wrapped.into_iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn of(&self, account: &str) -> Option<&DataKey> {
        self.0.get(account).map(|open| &open.key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Arc<OpenKey>)> {
        self.0.iter()
    }

    /// The arrivals in the order given, less those whose account is gone.
    pub(super) fn marked<'a>(&'a self, posts: &'a [InboundPost]) -> Vec<Marked<'a>> {
        let arrivals = posts
            .iter()
            .flat_map(|post| post.arrivals.iter().map(|arrival| (arrival, post.received_at)));
        let mark = |(arrival, received_at): (&'a Arrival, _)| {
            let key = self.of(arrival.account.as_str())?;
            let mark = key.mark(SEEN, &[arrival.kind, &arrival.key]);
            let contact = arrival.contact.as_ref();
            let contact = contact.map(|contact| contact_marks(contact, key)).unwrap_or_default();
            Some(Marked { arrival, received_at, key, mark, contact })
        };
        arrivals.filter_map(mark).collect()
    }
}

/// One for each id of the sender.
fn contact_marks(contact: &Contact, key: &DataKey) -> Vec<Mark> {
    let mark = |sender: &String| key.mark(CONTACT, &[&contact.phone_number, sender]);
    contact.senders.iter().map(mark).collect()
}

/// The repeat marks, in an order that is the same for all callers: two that take in the same
/// arrivals at once then wait for each other in one direction only.
pub(super) fn seen_rows<'a>(arrivals: &[Marked<'a>]) -> Vec<MarkRow<'a>> {
    in_order(arrivals.iter().map(|new| new.row(new.mark)).collect())
}

/// The contacts, in the same order.
pub(super) fn contact_rows<'a>(arrivals: &[Marked<'a>]) -> Vec<MarkRow<'a>> {
    let rows = arrivals.iter().flat_map(|new| new.contact.iter().map(|mark| new.row(*mark)));
    in_order(rows.collect())
}

fn in_order(mut rows: Vec<MarkRow<'_>>) -> Vec<MarkRow<'_>> {
    rows.sort_unstable();
    rows.dedup_by(|next, first| next.mark == first.mark);
    rows
}

/// Marks as the database answers them.
pub(super) fn read_marks(answered: Vec<Vec<u8>>) -> Result<HashSet<Mark>, StoreError> {
    let mark = |bytes: Vec<u8>| {
        Mark::try_from(bytes).map_err(|_| StoreError::Query(Cause::unreadable(SEEN)))
    };
    answered.into_iter().map(mark).collect()
}

/// Keeps the arrivals that are new, each the first time that it comes.
pub(super) fn keep_new(arrivals: &mut Vec<Marked<'_>>, mut new: HashSet<Mark>) {
    arrivals.retain(|arrival| new.remove(&arrival.mark));
}

/// The events of arrivals that are new, in the order in which they are told. What comes from a new
/// contact in the same go follows the lead.
pub(super) fn event_rows<'a>(
    arrivals: &[Marked<'a>],
    mut new_contacts: HashSet<Mark>,
) -> Result<Vec<EventRow<'a>>, StoreError> {
    let mut rows = Vec::with_capacity(arrivals.len());
    let mut leads = HashMap::new();
    for Marked { arrival, received_at, key, contact, .. } in arrivals {
        let is_new = !contact.is_empty() && contact.iter().all(|m| new_contacts.contains(m));
        for mark in contact {
            new_contacts.remove(mark);
        }
        if let Some(lead) = arrival.lead.as_ref().filter(|_| is_new) {
            let row = EventRow::new(&arrival.account, lead, key, *received_at)?;
            leads.extend(contact.iter().map(|mark| (mark, row.delivery.clone())));
            rows.push(row);
        }
        let lead = contact.iter().find_map(|mark| leads.get(mark));
        for event in &arrival.events {
            let row = EventRow::new(&arrival.account, event, key, *received_at)?;
            rows.push(EventRow { follows: lead.cloned(), ..row });
        }
    }
    Ok(rows)
}

pub(super) fn statuses<'a>(arrivals: &[Marked<'a>]) -> Vec<(&'a AccountId, &'a StatusUpdate)> {
    let status = |new: &Marked<'a>| Some((&new.arrival.account, new.arrival.status.as_ref()?));
    arrivals.iter().filter_map(status).collect()
}

/// The messages of ours that were answered with a form filled in, by account and wamid.
pub(super) fn answered<'a>(arrivals: &[Marked<'a>]) -> Vec<(&'a str, Cow<'a, str>)> {
    let answered = |new: &Marked<'a>| {
        let wamid = new.arrival.answered_form.as_deref()?;
        Some((new.arrival.account.as_str(), kept_key(wamid)))
    };
    arrivals.iter().filter_map(answered).collect()
}

/// What it came to: `told` were there of accounts that are there, and the rest of them are new.
pub(super) fn taken_in(told: usize, new: &[Marked<'_>], events: &[EventRow<'_>]) -> TakenIn {
    TakenIn {
        arrivals: new.iter().map(|marked| marked.arrival.what()).collect(),
        repeats: told.saturating_sub(new.len()) as u64,
        events: events.iter().map(|event| event.kind).collect(),
    }
}

impl<'a> EventRow<'a> {
    pub(super) fn new(
        account: &'a AccountId,
        event: &'a NewEvent,
        key: &DataKey,
        created_at: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            account: account.as_str(),
            id: event.id.as_str(),
            kind: event.kind,
            body: key.seal_bytes(BODY, event.body.as_bytes())?,
            delivery: DeliveryId::generate(created_at),
            follows: None,
            created_at: created_at.as_millis(),
        })
    }
}

impl<'a> Marked<'a> {
    fn row(&self, mark: Mark) -> MarkRow<'a> {
        let account = self.arrival.account.as_str();
        MarkRow { account, mark, at: self.received_at.as_millis() }
    }
}
