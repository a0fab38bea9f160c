//! Turns callers away before the system lets them in.

use std::io;

use tokio::net::TcpListener;

/// From here on the system lets nobody in who is not yet on the way. A listening socket that closes
/// resets whoever was let in and not accepted, with the request that was sent already; nobody can
/// tell such a caller that it was not taken. Who hears nothing asks again after a second, and is
/// refused then.
///
/// # Errors
/// When the system does not have it: a caller may be reset.
#[cfg(target_os = "linux")]
pub(super) fn turn_away(listener: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};

    /// Where the flags are in the header of a TCP segment.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    // Classic BPF, as filter.h of the kernel names it.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const SKIP_UNLESS_EQUAL: u16 = 0x15;
    const KEEP: u16 = 0x06;

    // A segment that asks for a connection is dropped, and the one that completes it is not.
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(SKIP_UNLESS_EQUAL, 0, 1, SYN),
        SockFilter::new(KEEP, 0, 0, 0),
        SockFilter::new(KEEP, 0, 0, u32::MAX),
    ])
}

#[cfg(not(target_os = "linux"))]
pub(super) fn turn_away(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind;

    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::turn_away;

    #[tokio::test]
    async fn who_is_let_in_stays_and_nobody_else_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut let_in = TcpStream::connect(address).await.unwrap();
        turn_away(&listener).unwrap();

        let turned_away = tokio::spawn(TcpStream::connect(address));
        let_in.write_all(b"hello").await.unwrap();
        let (mut accepted, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, let_in.local_addr().unwrap());
        let mut said = [0; 5];
        accepted.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"hello");

        assert!(listener.accept().now_or_never().is_none());
        drop(listener);
        let refused = turned_away.await.unwrap().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}
