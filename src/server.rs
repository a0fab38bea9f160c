//! Listens, serves connections, and stops without losing a request.

mod connection;
#[cfg(target_os = "linux")]
mod newcomers;
mod unread;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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

/// How long after the stop a caller is still accepted whose connection was on the way: a handshake
/// with a balancer beside us takes less. Whoever takes longer is reset.
const HANDSHAKE: Duration = Duration::from_millis(20);

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
        // Elsewhere a caller may be reset that connects just now.
        #[cfg(target_os = "linux")]
        if let Err(error) = newcomers::turn_away(&self.listener) {
            tracing::warn!(%error, "a caller may be reset that connects just now");
        }
        // Those that run on, or only wait, make room for whom the system has already let in for us.
        closing.cancel();
        let mut let_in = pin!(sleep(HANDSHAKE));
        // No more than it keeps for us, should it go on letting callers in.
        for _ in 0..BACKLOG {
            tokio::select! {
                biased;
                accepted = self.accept(&places) => accepted.into_iter().for_each(&serve),
                () = &mut let_in => break,
            }
        }
        drop(self.listener);
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
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;
    use tokio_util::sync::CancellationToken;

    use super::Server;

    const DRAIN: Duration = Duration::from_secs(20);

    fn server() -> (Server, SocketAddr) {
        let any = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(any, Duration::from_secs(10)).unwrap();
        let address = server.address().unwrap();
        (server, address)
    }

    fn router() -> Router {
        Router::new().fallback(|| async { "here" })
    }

    /// Asks on new connections until one is refused.
    #[cfg(target_os = "linux")]
    fn keep_asking(address: SocketAddr, answered: &Semaphore) {
        loop {
            let mut caller = match std::net::TcpStream::connect(address) {
                Ok(caller) => caller,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                    return;
                }
            };
            let mut answer = String::new();
            caller.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
            caller.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
            answered.add_permits(1);
        }
    }

    #[tokio::test]
    async fn who_came_before_the_stop_is_answered() {
        let (server, address) = server();
        let mut callers = Vec::new();
        for _ in 0..20 {
            let mut caller = TcpStream::connect(address).await.unwrap();
            caller.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            callers.push(caller);
        }
        let stop = CancellationToken::new();
        stop.cancel();
        server.run(router(), stop, DRAIN).await;
        for mut caller in callers {
            let mut answer = String::new();
            caller.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_comes_while_it_stops_is_answered_or_not_let_in() {
        let mut stopping = JoinSet::new();
        for _ in 0..20 {
            let (server, address) = server();
            let stop = CancellationToken::new();
            let answered = Arc::new(Semaphore::new(0));
            for _ in 0..4 {
                let answered = Arc::clone(&answered);
                stopping.spawn_blocking(move || keep_asking(address, &answered));
            }
            stopping.spawn(server.run(router(), stop.clone(), DRAIN));
            stopping.spawn(async move {
                answered.acquire_many(100).await.unwrap().forget();
                stop.cancel();
            });
        }
        stopping.join_all().await;
    }
}
