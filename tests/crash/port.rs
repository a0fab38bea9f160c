//! A port that stays ours while nobody listens on it.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Without it the system would give the port of a node that is down to whoever asks for one: to
/// another suite, say, which takes the calls that were meant for the node, and never answers.
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound and never listened on, so whoever calls is refused.
    _keeper: TcpSocket,
}

impl Port {
    pub(crate) fn keep() -> Self {
        let keeper = bound("127.0.0.1:0".parse().unwrap());
        Self { address: keeper.local_addr().unwrap(), _keeper: keeper }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn listen(&self) -> TcpListener {
        bound(self.address).listen(128).unwrap()
    }
}

/// Sockets that all agree to it may be bound to one port, as long as one of them listens at most.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}
