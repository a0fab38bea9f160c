//! A road to the PostgreSQL server that can be blocked.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::port::Port;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Road {
    Open,
    /// Connections are cut, and new ones refused.
    Cut,
    /// Whatever is said, nobody answers; new connections are taken.
    Silent,
    /// Connections are cut; new ones are taken, and ended in due form.
    Closed,
}

/// Dropped, it ends all its connections.
pub(crate) struct Proxy {
    url: String,
    road: watch::Sender<Road>,
    running: JoinHandle<()>,
}

/// Whether the server is asked to speak TLS, if it can.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tls {
    /// It takes a connection longer than all the rest.
    No,
    Yes,
}

impl Proxy {
    /// A road to the server of `url`, of which [`Proxy::url`] is the other end.
    pub(crate) async fn to(url: &str, tls: Tls) -> Self {
        let mut url: url::Url = url.parse().unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let port = Port::keep();
        url.set_ip_host(port.address().ip()).unwrap();
        url.set_port(Some(port.address().port())).unwrap();
        // As if nothing were said about TLS: then the first byte on a connection is the server's.
        let said: Vec<_> = url.query_pairs().into_owned().collect();
        let said = said.iter().filter(|(name, _)| name != "sslmode");
        url.query_pairs_mut().clear().extend_pairs(said);
        let (road, blocked) = watch::channel(Road::Open);
        let running = tokio::spawn(carry(port, server, tls, blocked));
        Self { url: url.into(), road, running }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn cut(&self) {
        self.road.send_replace(Road::Cut);
    }

    pub(crate) fn fall_silent(&self) {
        self.road.send_replace(Road::Silent);
    }

    pub(crate) fn close(&self) {
        self.road.send_replace(Road::Closed);
    }

    pub(crate) fn open(&self) {
        self.road.send_replace(Road::Open);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn carry(port: Port, server: (String, u16), tls: Tls, mut road: watch::Receiver<Road>) {
    let mut listener = port.listen();
    let server = Arc::new(server);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                connections.spawn(join(stream, Arc::clone(&server), tls, road.clone()));
            }
            changed = road.changed() => changed.unwrap(),
        }
        if *road.borrow() == Road::Cut {
            drop(listener);
            connections.shutdown().await;
            road.wait_for(|road| *road != Road::Cut).await.unwrap();
            listener = port.listen();
        }
    }
}

/// Carries bytes both ways for as long as the road is open.
async fn join(
    mut near: TcpStream,
    server: Arc<(String, u16)>,
    tls: Tls,
    mut road: watch::Receiver<Road>,
) {
    let begun = *road.borrow_and_update();
    if begun == Road::Closed {
        // What nobody has read would make a reset of the end.
        let _said = near.read(&mut [0; 64]).await;
        return;
    }
    // Dropped, it is reset, as a server that dies would do it.
    near.set_zero_linger().unwrap();
    if begun == Road::Open {
        if tls == Tls::No {
            // The question for it comes first, and is answered here.
            let _gone = near.read_exact(&mut [0; 8]).await.is_err();
            let _gone = near.write_all(b"N").await.is_err();
        }
        let mut far = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
        tokio::select! {
            // Whoever ends it.
            _ = copy_bidirectional(&mut near, &mut far) => return,
            changed = road.changed() => if changed.is_err() { return },
        }
        if *road.borrow() == Road::Closed {
            return;
        }
    }
    // What fell silent stays so: a connection whose peer has gone never comes back to life.
    std::future::pending::<()>().await;
}
