//! Turns callers away before the system lets them in.

use std::io;
use std::os::fd::AsFd;

use socket2::{SockFilter, SockRef};

/// Where the flags are in the header of a TCP segment.
const FLAGS: u32 = 13;
const SYN: u32 = 0x02;
const ACK: u32 = 0x10;

// The codes of classic BPF, from the kernel's linux/bpf_common.h.
const LOAD_BYTE: u16 = 0x30;
const AND: u16 = 0x54;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// Nothing of a segment that asks for a connection, and all of any other: also of one that completes
/// what was asked for before.
const ALL_BUT_NEWCOMERS: [SockFilter; 5] = [
    SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
    SockFilter::new(AND, 0, 0, SYN | ACK),
    SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
    SockFilter::new(RETURN, 0, 0, 0),
    SockFilter::new(RETURN, 0, 0, u32::MAX),
];

/// From here on the system lets nobody in who is not yet on the way. A listening socket that closes
/// resets whoever was let in and not accepted, with the request that was sent already, and nobody can
/// tell such a caller that it was not taken. Who hears nothing asks again after a second, and is
/// refused then.
///
/// # Errors
/// When the system does not allow it.
pub(super) fn turn_away(listener: &impl AsFd) -> io::Result<()> {
    SockRef::from(listener).attach_filter(&ALL_BUT_NEWCOMERS)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::os::unix::net::UnixDatagram;
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use super::{FLAGS, turn_away};

    /// A filter sees of a datagram what it sees of a segment.
    #[test]
    fn only_what_asks_for_a_connection_is_dropped() {
        const FIN: u8 = 0x01;
        const SYN: u8 = 0x02;
        const RST: u8 = 0x04;
        const PSH: u8 = 0x08;
        const ACK: u8 = 0x10;
        const ECE_CWR: u8 = 0xc0;
        let (sends, receives) = UnixDatagram::pair().unwrap();
        receives.set_nonblocking(true).unwrap();
        turn_away(&receives).unwrap();
        let arrives = |flags: u8| {
            let mut header = [0xff; 20];
            header[usize::try_from(FLAGS).unwrap()] = flags;
            sends.send(&header).unwrap();
            let mut received = [0; 20];
            match receives.recv(&mut received) {
                Ok(length) => {
                    assert_eq!(received[..length], header);
                    true
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    false
                }
            }
        };
        assert!(
            [SYN, SYN | ECE_CWR, SYN | PSH, SYN | FIN].into_iter().all(|flags| !arrives(flags))
        );
        assert!([ACK, PSH | ACK, SYN | ACK, RST, RST | ACK, FIN | ACK, 0].into_iter().all(arrives));
    }

    #[tokio::test]
    async fn who_was_let_in_is_accepted_and_nobody_else_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let let_in = TcpStream::connect(address).await.unwrap();
        turn_away(&listener).unwrap();

        let mut turned_away = pin!(TcpStream::connect(address));
        assert!(turned_away.as_mut().now_or_never().is_none());
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, let_in.local_addr().unwrap());
        assert!(listener.accept().now_or_never().is_none());
        drop(listener);
        assert_eq!(turned_away.await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
