//! How much is taken on: places for requests, room for their bodies, how often who may call.
//!
//! It counts and decides. How a no is worded, and where it is asked, is for others.

mod bucket;
mod buckets;
mod class;
mod client_address;
mod line;
mod memory;
mod rates;
mod room;
mod share;

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderMap;
use ipnet::IpNet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

pub use class::Class;
pub use line::{Full, Slot};
pub use rates::{Counted, Rates};
pub use room::{BodyRoom, Room};
pub use share::{Share, Shares};

use crate::clock::Clock;
use crate::config::LimitSettings;
use crate::metrics::Refusals;
use line::Line;
use memory::Memory;

/// How often memory is looked at; and every so many of those, idle buckets are dropped.
const TURN: Duration = Duration::from_secs(1);
const SELDOM: u32 = 10;
/// Posts of Meta's that wait, and how long: one that is turned away comes again, with all others.
const POSTS_WAITING: u32 = 1024;
const PATIENCE_WITH_POSTS: Duration = Duration::from_secs(5);

/// All limits of one gateway.
#[derive(Debug)]
pub struct Limits {
    calls: Line,
    media: Line,
    posts: Line,
    bodies: Room,
    /// Room for Meta's posts: anybody may fill it, so nothing else depends on it.
    pub post_bodies: Room,
    pub rates: Rates,
    memory: Memory,
    trusted_proxies: Vec<IpNet>,
}

impl Limits {
    #[must_use]
    pub fn new(settings: &LimitSettings, clock: Clock, refusals: Refusals) -> Self {
        let queue = (settings.queue_length, settings.queue_timeout.get());
        let (bodies, post_bodies) = Room::parted(settings.body_memory);
        Self {
            calls: Line::new(settings.concurrency, queue),
            media: Line::new(settings.media_concurrency, queue),
            posts: Line::new(settings.inbound_concurrency, (POSTS_WAITING, PATIENCE_WITH_POSTS)),
            bodies,
            post_bodies,
            rates: Rates::new(settings, clock, refusals),
            memory: Memory::new(settings.system_root.clone()),
            trusted_proxies: settings.trusted_proxies.clone(),
        }
    }

    /// A place for a request, before anything of its body is read. Some need none.
    ///
    /// # Errors
    /// When there is none, and none becomes free soon; or when there is no memory for more.
    pub async fn admit(&self, class: Class, has_body: bool) -> Result<Option<Slot>, Full> {
        let line = match class {
            Class::Vital | Class::Inbound => return Ok(None),
            Class::Media => &self.media,
            Class::Call => &self.calls,
        };
        if self.memory.refuses(has_body) {
            return Err(Full);
        }
        line.enter().await.map(Some)
    }

    /// A place for a post that is known to be Meta's: nobody else can use them up.
    ///
    /// # Errors
    /// When none becomes free for a long time.
    pub async fn admit_post(&self) -> Result<Slot, Full> {
        self.posts.enter().await
    }

    /// Room for a body of an account's, all of it before the first byte is read: bodies that were
    /// half read and waited for more room would wait for each other.
    ///
    /// # Errors
    /// When there is none, and none becomes free soon.
    pub async fn room_for(&self, share: &Share, bytes: u64) -> Result<BodyRoom, Full> {
        let own = share.bodies().take(bytes).await?;
        let all = self.bodies.take(bytes).await?;
        Ok(BodyRoom::new(own, all))
    }

    /// Whether callers should look for another connection, and leave this one.
    #[must_use]
    pub fn are_strained(&self) -> bool {
        self.memory.is_tight()
    }

    /// Who calls: the peer, or whom a trusted proxy calls for.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        client_address::find(peer, headers, &self.trusted_proxies)
    }

    /// Watches the memory, and drops what nobody needs any more, until `stop`.
    pub async fn tend(&self, stop: CancellationToken) {
        let mut turns = interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turn: u32 = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = turns.tick() => {}
            }
            self.memory.look().await;
            if turn.is_multiple_of(SELDOM) {
                self.rates.forget_idle();
            }
            turn = turn.wrapping_add(1);
        }
    }
}
