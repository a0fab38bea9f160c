//! A caller's connection, and our patience with it: for the head of a request, for the next
//! request, for the caller to take an answer.
//!
//! One timer a connection, set again only when it fires: a request costs no timer at all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long we wait for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a head, from its first byte; for the first one, from the start.
    head: Duration,
    /// For the next request on an open connection.
    idle: Duration,
    /// For the caller to take any part of an answer.
    write: Duration,
}

impl Patience {
    pub(super) fn new(head: Duration) -> Self {
        Self { head, idle: Duration::from_secs(60), write: Duration::from_secs(30) }
    }
}

/// How long a caller may go on writing that was answered before we had read all of it.
const LINGER: Duration = Duration::from_secs(2);

/// Whether a request is being answered. While it is, its own limits count, not the connection's.
#[derive(Clone, Debug)]
pub(super) struct InRequest(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    opened: Instant,
    /// Nanoseconds from `opened` to the end of the last request; [`BUSY`] while one runs, 0
    /// before the first.
    ended: AtomicU64,
    /// Whether the last request was answered before its body was read.
    unread: AtomicBool,
}

const BUSY: u64 = u64::MAX;

/// Ends when the head of the answer is made.
pub(super) struct Busy(Arc<Shared>);

impl InRequest {
    pub(super) fn enter(&self) -> Busy {
        self.0.unread.store(false, Ordering::Relaxed);
        self.0.ended.store(BUSY, Ordering::Relaxed);
        Busy(Arc::clone(&self.0))
    }

    /// Whether no request has come yet.
    pub(super) fn has_said_nothing(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed) == 0
    }

    pub(super) fn leave_unread(&self) {
        self.0.unread.store(true, Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let nanos = u64::try_from(self.0.opened.elapsed().as_nanos()).unwrap_or(BUSY - 1);
        self.0.ended.store(nanos.max(1), Ordering::Relaxed);
    }
}

pub(super) struct Connection {
    stream: TcpStream,
    patience: Patience,
    shared: Arc<Shared>,
    /// When the first byte came after the last answer.
    head_since: Option<Instant>,
    last_write: Option<Instant>,
    blocked_since: Option<Instant>,
    /// We have said our last word, and hear the caller out.
    lingers: bool,
    timer: Pin<Box<Sleep>>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, patience: Patience) -> (Self, InRequest) {
        let opened = Instant::now();
        let shared =
            Arc::new(Shared { opened, ended: AtomicU64::new(0), unread: AtomicBool::new(false) });
        let connection = Self {
            stream,
            patience,
            shared: Arc::clone(&shared),
            head_since: None,
            last_write: None,
            blocked_since: None,
            lingers: false,
            timer: Box::pin(sleep_until(opened + patience.head)),
        };
        (connection, InRequest(shared))
    }

    fn is_busy(&self) -> bool {
        self.shared.ended.load(Ordering::Relaxed) == BUSY
    }

    /// Since when nothing has been asked of us; `None` before the first request.
    fn quiet_since(&self) -> Option<Instant> {
        let ended = match self.shared.ended.load(Ordering::Relaxed) {
            0 | BUSY => None,
            nanos => Some(self.shared.opened + Duration::from_nanos(nanos)),
        };
        ended.max(self.last_write)
    }

    /// When our patience ends; `None` while a request is being answered.
    fn deadline(&self) -> Option<Instant> {
        if let Some(since) = self.blocked_since {
            return Some(since + self.patience.write);
        }
        if self.is_busy() {
            return None;
        }
        let Some(quiet_since) = self.quiet_since() else {
            return Some(self.shared.opened + self.patience.head);
        };
        let head_since = self.head_since.filter(|since| *since > quiet_since);
        Some(match head_since {
            Some(since) => since + self.patience.head,
            None => quiet_since + self.patience.idle,
        })
    }

    /// Fails when our patience has ended; else makes sure that we are woken when it may have.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        // When a request ends, its connection is polled anyway: nothing to wake us for.
        while let Some(deadline) = self.deadline() {
            if deadline <= Instant::now() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // A timer that fires early only asks again; one that fires late would be too late.
            if self.timer.is_elapsed() || self.timer.deadline() > deadline {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                break;
            }
        }
        Ok(())
    }

    fn read_some(&mut self) {
        if self.is_busy() {
            return;
        }
        if self.head_since.is_none() || self.head_since <= self.quiet_since() {
            self.head_since = Some(Instant::now());
        }
    }

    /// A caller that writes on when we are gone loses the answer that it has not read yet: so what
    /// it still writes is thrown away until it stops, or our patience ends.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8 * 1024];
        while self.timer.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn wrote(&mut self, outcome: &Poll<io::Result<usize>>, cx: &mut Context<'_>) -> io::Result<()> {
        if outcome.is_pending() {
            self.blocked_since.get_or_insert_with(Instant::now);
            return self.poll_patience(cx);
        }
        self.blocked_since = None;
        self.last_write = Some(Instant::now());
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() {
            self.poll_patience(cx)?;
            return Poll::Pending;
        }
        if buffer.filled().len() > before {
            self.read_some();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(&outcome, cx)?;
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wrote(&outcome, cx)?;
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingers {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            if !self.shared.unread.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
            self.lingers = true;
            self.timer.as_mut().reset(Instant::now() + LINGER);
        }
        self.poll_linger(cx)
    }
}
