//! A number of places, and a short line before them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A place, for as long as it is held.
#[derive(Debug)]
pub struct Slot(#[expect(dead_code, reason = "to hold it is all it is for")] OwnedSemaphorePermit);

/// There is no place, and none became free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no place free")]
pub struct Full;

#[derive(Debug)]
pub(super) struct Line {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    patience: Duration,
}

impl Slot {
    /// One of these places if one is free now.
    pub(super) fn free_now(places: &Arc<Semaphore>) -> Result<Self, Full> {
        Arc::clone(places).try_acquire_owned().map(Self).map_err(|_| Full)
    }
}

/// As many places as a semaphore can count.
pub(super) fn places(number: u32) -> Arc<Semaphore> {
    let number = usize::try_from(number).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(number.min(Semaphore::MAX_PERMITS)))
}

impl Line {
    pub(super) fn new(number: u32, (length, patience): (u32, Duration)) -> Self {
        let length = usize::try_from(length).unwrap_or(Semaphore::MAX_PERMITS);
        Self { places: places(number), waiting: Semaphore::new(length), patience }
    }

    /// A place that is free now, or the next one if the line is not too long; who came first gets
    /// it.
    pub(super) async fn enter(&self) -> Result<Slot, Full> {
        match Slot::free_now(&self.places) {
            Ok(slot) => Ok(slot),
            // Boxed: those who find a place would carry room for the wait about with them.
            Err(_) => Box::pin(self.wait()).await,
        }
    }

    async fn wait(&self) -> Result<Slot, Full> {
        let _in_line = self.waiting.try_acquire().map_err(|_| Full)?;
        let place = timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        place.ok().and_then(Result::ok).map(Slot).ok_or(Full)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Full, Line};

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn who_waits_gets_the_next_free_place() {
        let line = Line::new(1, (1, LONG));
        let first = line.enter().await.unwrap();
        // The second has come into the line when the first leaves.
        let (second, ()) = tokio::join!(line.enter(), async { drop(first) });
        assert!(second.is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let line = Line::new(1, (1, SHORT));
        let first = line.enter().await.unwrap();
        assert_eq!(line.enter().await.err(), Some(Full));
        drop(first);
        assert!(line.enter().await.is_ok());
    }

    #[tokio::test]
    async fn who_finds_the_line_too_long_does_not_wait() {
        let line = Line::new(1, (1, LONG));
        let first = line.enter().await.unwrap();
        let (second, third) = tokio::join!(line.enter(), async {
            let refused = line.enter().await.err();
            drop(first);
            refused
        });
        assert_eq!(third, Some(Full));
        assert!(second.is_ok());
    }
}
