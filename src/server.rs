//! Listens, serves connections, and stops without losing a request.

mod connection;
mod unread;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use futures_util::FutureExt as _;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Layer as _, Service as _};
use tower_http::normalize_path::NormalizePathLayer;

use connection::{Connection, InRequest, Patience};
use unread::{Unread, Watched};

/// More connections than this wait in the kernel's queue, however many the system would allow.
const MOST_CONNECTIONS: u64 = 20_000;
/// Descriptors for everything but callers and what is asked upstream for them.
const RESERVED_DESCRIPTORS: u64 = 64;
const BACKLOG: i32 = 4096;
/// A caller that sends no newline is cut off here.
const MAX_HEAD: usize = 64 * 1024;

/// How long after the stop a connection may still come out with its first request: the HTTP library
/// would end one at once on which nothing has been read.
const FIRST_WORD: Duration = Duration::from_millis(500);

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// A socket that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    header_timeout: Duration,
}

/// A caller, and the place that the caller has.
type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

impl Server {
    /// # Errors
    /// When the address is taken, or not ours.
    pub fn bind(address: SocketAddr, header_timeout: Duration) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG.unsigned_abs())?;
        Ok(Self { listener, header_timeout })
    }

    /// # Errors
    /// When the system cannot say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop`, then lets what runs come to its end, for at most `drain`.
    pub async fn run(self, router: Router, stop: CancellationToken, drain: Duration) {
        let service = NormalizePathLayer::trim_trailing_slash().layer(router);
        let places = Arc::new(Semaphore::new(most_connections()));
        let (serving, closing) = (TaskTracker::new(), CancellationToken::new());
        let mut http = http1::Builder::new();
        // Time limits are the connection's: hyper's own would cut idle keep-alive short.
        http.header_read_timeout(None).max_buf_size(MAX_HEAD);

        let serve = |(stream, peer, place): Accepted| {
            let (io, in_request) = Connection::new(stream, Patience::new(self.header_timeout));
            let (service, speaking) = (service.clone(), in_request.clone());
            let service =
                tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let in_request = in_request.clone();
                    let busy = in_request.enter();
                    let unread = Unread::default();
                    let watched = |body| Body::new(Watched::new(body, unread.clone()));
                    let mut request: Request = request.map(watched);
                    request.extensions_mut().insert(ConnectInfo(peer));
                    let answer = service.clone().call(request);
                    async move {
                        let _busy = busy;
                        let mut answer = answer.await?;
                        if !unread.is_read().await {
                            // Who would use it again must know that it ends.
                            answer.headers_mut().insert(CONNECTION, CLOSE);
                            in_request.leave_unread();
                        }
                        Ok::<_, Infallible>(answer)
                    }
                });
            let service = TowerToHyperService::new(service);
            // Boxed: an async function keeps what it is given twice, as long as it runs.
            let served = Box::pin(http.serve_connection(TokioIo::new(io), service));
            let closing = closing.clone();
            serving.spawn(async move {
                let ended = see_through(served, &speaking, &closing).await;
                // A caller's fault, or a caller gone: nothing that anyone could act on.
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                drop(place);
            });
        };
        loop {
            tokio::select! {
                accepted = self.accept(&places) => accepted.into_iter().for_each(&serve),
                () = stop.cancelled() => break,
            }
        }
        // Whom the system has let in for us already waits for an answer, too.
        yield_now().await;
        while let Some(accepted) = self.accept(&places).now_or_never() {
            accepted.into_iter().for_each(&serve);
        }
        drop(self.listener);
        closing.cancel();
        serving.close();
        if timeout(drain, serving.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }

    /// The next caller, once there is room for one; `None` if that failed.
    async fn accept(&self, places: &Arc<Semaphore>) -> Option<Accepted> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: waiting to fill a packet only delays them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection ended early");
                }
                Some((stream, peer, place))
            }
            Err(error) => {
                // Out of descriptors, most likely: without a pause this would spin.
                tracing::warn!(%error, "no connection could be accepted");
                sleep(Duration::from_millis(50)).await;
                None
            }
        }
    }
}

/// Serves a connection to its end. While closing, that is behind the request that runs on it; one
/// on which nothing has been said is heard out for a moment.
async fn see_through<C: GracefulConnection>(
    mut served: Pin<Box<C>>,
    speaking: &InRequest,
    closing: &CancellationToken,
) -> Result<(), C::Error> {
    tokio::select! {
        ended = &mut served => return ended,
        () = closing.cancelled() => {}
    }
    if speaking.has_said_nothing() {
        tokio::select! {
            ended = &mut served => return ended,
            () = sleep(FIRST_WORD) => {}
        }
    }
    served.as_mut().graceful_shutdown();
    served.await
}

/// A request may hold two descriptors, the caller's and Graph's. Callers beyond what that leaves
/// room for wait, so that none is accepted who could not be served.
fn most_connections() -> usize {
    let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map_or(1024, |(soft, _)| soft);
    let pairs = limit.saturating_sub(RESERVED_DESCRIPTORS) / 2;
    usize::try_from(pairs.clamp(16, MOST_CONNECTIONS)).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio_util::sync::CancellationToken;

    use super::Server;

    #[tokio::test]
    async fn who_came_before_the_stop_is_answered() {
        let any = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(any, Duration::from_secs(10)).unwrap();
        let address = server.address().unwrap();
        let mut callers = Vec::new();
        for _ in 0..20 {
            let mut caller = TcpStream::connect(address).await.unwrap();
            caller.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            callers.push(caller);
        }
        let stop = CancellationToken::new();
        stop.cancel();
        let router = Router::new().fallback(|| async { "here" });
        server.run(router, stop, Duration::from_secs(20)).await;
        for mut caller in callers {
            let mut answer = String::new();
            caller.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
        }
    }
}
