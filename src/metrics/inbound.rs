//! What Meta posts, and what follows from it.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::words::{Each, words};
use super::{list, table};
use crate::model::WebhookEvent;

words! {
    /// What became of a post.
    pub PostEnd as "result" {
        /// Everything in it concerned accounts of ours.
        Stored = "stored",
        /// Stored, and something in it concerned no account of ours.
        StoredUnrouted = "stored_unrouted",
        /// Stored, and something in it is not what Meta documents.
        StoredUnparsed = "stored_unparsed",
        /// Meta has to send it again.
        NotStored = "not_stored",
        BadSignature = "bad_signature",
        /// It did not arrive whole, or was too large.
        Incomplete = "incomplete",
    }
}

words! {
    /// What happened, as Meta tells it.
    pub ArrivalKind as "kind" {
        Message = "message",
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        Played = "played",
        Failed = "failed",
        /// A status that we do not know.
        Status = "status",
        /// A whole change, kept for those who want Meta's own envelope.
        Change = "change",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Inbound {
    posts: Each<PostEnd, Counter>,
    waiting: Gauge,
    arrivals: Each<ArrivalKind, Counter>,
    repeats: Counter,
    events: Each<WebhookEvent, Counter>,
}

impl Inbound {
    pub(super) fn listed(registry: &mut Registry) -> Self {
        let inbound = Self::default();
        list(registry, &table::POSTS, inbound.posts.clone());
        list(registry, &table::POSTS_WAITING, inbound.waiting.clone());
        list(registry, &table::ARRIVALS, inbound.arrivals.clone());
        list(registry, &table::ARRIVALS_AGAIN, inbound.repeats.clone());
        list(registry, &table::EVENTS, inbound.events.clone());
        inbound
    }

    pub fn posted(&self, end: PostEnd) {
        self.posts.of(end).inc();
    }

    pub fn set_waiting(&self, count: usize) {
        self.waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// What a commit came to.
    pub fn took_in(&self, arrivals: &[ArrivalKind], repeats: u64, events: &[WebhookEvent]) {
        arrivals.iter().for_each(|kind| {
            self.arrivals.of(*kind).inc();
        });
        self.repeats.inc_by(repeats);
        events.iter().for_each(|event| {
            self.events.of(*event).inc();
        });
    }
}
