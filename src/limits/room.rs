//! Memory for the bodies of requests, counted in bytes.

use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::line::{Full, places};

/// How long a body waits for the end of others.
const PATIENCE: Duration = Duration::from_secs(5);
/// The part that is kept for Meta's posts.
const PERCENT_OF_POSTS: u8 = 25;

/// So many bytes, taken and given back. A body that is larger than all of it takes all of it.
#[derive(Debug)]
pub struct Room {
    free: Arc<Semaphore>,
    size: u32,
    patience: Duration,
}

/// Bytes of a [`Room`], given back when it is dropped.
#[derive(Debug)]
pub struct Held(OwnedSemaphorePermit);

/// What the body of an account's request takes up: of the account's share, and of the whole.
#[derive(Debug)]
pub struct BodyRoom {
    own: Held,
    all: Held,
}

impl Room {
    fn new(size: u32, patience: Duration) -> Self {
        Self { free: places(size), size, patience }
    }

    /// The room of callers, and the room of Meta.
    pub(super) fn parted(size: ByteSize) -> (Self, Self) {
        let whole = Self::new(u32::try_from(size.as_u64()).unwrap_or(u32::MAX), PATIENCE);
        (whole.part(100 - PERCENT_OF_POSTS), whole.part(PERCENT_OF_POSTS))
    }

    /// Another room, so many percent as large.
    pub(super) fn part(&self, percent: u8) -> Self {
        let size = u64::from(self.size) * u64::from(percent) / 100;
        Self::new(u32::try_from(size.max(1)).unwrap_or(u32::MAX), self.patience)
    }

    /// Takes so many bytes, as soon as they are free; who came first gets them.
    ///
    /// # Errors
    /// When they do not become free soon.
    pub async fn take(&self, bytes: u64) -> Result<Held, Full> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.size);
        match Arc::clone(&self.free).try_acquire_many_owned(bytes) {
            Ok(taken) => Ok(Held(taken)),
            // Boxed: those who find room would carry room for the wait about with them.
            Err(_) => Box::pin(self.wait(bytes)).await,
        }
    }

    async fn wait(&self, bytes: u32) -> Result<Held, Full> {
        let taken = timeout(self.patience, Arc::clone(&self.free).acquire_many_owned(bytes)).await;
        taken.ok().and_then(Result::ok).map(Held).ok_or(Full)
    }
}

impl Held {
    fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.0.num_permits().saturating_sub(bytes);
        drop(self.0.split(surplus));
    }
}

impl BodyRoom {
    pub(super) fn new(own: Held, all: Held) -> Self {
        Self { own, all }
    }

    /// Gives back what a body of so many bytes does not need.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.own.shrink_to(bytes);
        self.all.shrink_to(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytesize::ByteSize;

    use super::{Full, Room};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn posts_have_a_quarter_of_the_room() {
        let (calls, posts) = Room::parted(ByteSize::mb(64));
        assert_eq!((calls.size, posts.size), (48_000_000, 16_000_000));
    }

    #[tokio::test]
    async fn a_body_waits_for_the_bytes_of_others() {
        let room = Room::new(100, LONG);
        let first = room.take(60).await.unwrap();
        let (second, ()) = tokio::join!(room.take(60), async { drop(first) });
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn it_does_not_wait_for_ever() {
        let room = Room::new(100, Duration::from_millis(1));
        let _first = room.take(60).await.unwrap();
        assert_eq!(room.take(60).await.err(), Some(Full));
        assert!(room.take(40).await.is_ok());
    }

    #[tokio::test]
    async fn what_a_body_turned_out_not_to_need_is_given_back() {
        let room = Room::new(100, LONG);
        let mut body = room.take(100).await.unwrap();
        body.shrink_to(30);
        assert_eq!(room.free.available_permits(), 70);
        body.shrink_to(50);
        assert_eq!(room.free.available_permits(), 70);
    }

    #[tokio::test]
    async fn a_body_larger_than_the_room_takes_all_of_it() {
        let room = Room::new(100, LONG);
        let body = room.take(1 << 40).await.unwrap();
        assert_eq!(room.free.available_permits(), 0);
        drop(body);
        assert_eq!(room.free.available_permits(), 100);
    }
}
