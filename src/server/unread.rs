//! Bodies that were left unread: a refusal needs none, but its caller may still be writing it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// What is worth reading so that the connection can stay open, and for how long.
const MOST: u64 = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(100);

/// Where a body is put back that was dropped before its end.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<Mutex<Option<Incoming>>>);

impl Unread {
    /// Reads what little is left over. `false` if there is more, or it does not come: then the
    /// connection cannot be used again.
    pub(super) async fn is_read(&self) -> bool {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(body) = body else { return true };
        timeout(PATIENCE, read(body)).await.unwrap_or(false)
    }
}

async fn read(mut body: Incoming) -> bool {
    let mut left = MOST;
    while body.size_hint().lower() <= left {
        let Some(Ok(frame)) = body.frame().await else { return true };
        let length = frame.data_ref().map_or(0, Bytes::len);
        left = left.saturating_sub(u64::try_from(length).unwrap_or(left));
    }
    false
}

/// The body of a request.
pub(super) struct Watched {
    body: Option<Incoming>,
    ended: bool,
    unread: Unread,
}

impl Watched {
    pub(super) fn new(body: Incoming, unread: Unread) -> Self {
        let ended = body.is_end_stream();
        Self { body: Some(body), ended, unread }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        self.ended |= matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended && !self.is_end_stream() {
            let mut unread = self.unread.0.lock().unwrap_or_else(PoisonError::into_inner);
            *unread = self.body.take();
        }
    }
}
