//! A Meta that misbehaves: it can end, cut, stall or flood an answer at any byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers with these bytes, and reads the next request.
    Answer(Vec<u8>),
    /// Writes these bytes, and closes.
    Close(Vec<u8>),
    /// Writes these bytes, and resets.
    Reset(Vec<u8>),
    /// Resets when this much of the request has been read.
    ResetAfterReading(usize),
    /// Writes these bytes, and then nothing, ever.
    Hang(Vec<u8>),
    /// Writes these bytes one at a time, for ever slower than anybody waits.
    Drip(Vec<u8>),
    /// Writes this head, and then bytes as long as they are taken.
    Flood(Vec<u8>),
    /// Answers when it is told to.
    AnswerWhenTold(Vec<u8>),
}

pub(crate) struct Wire {
    address: SocketAddr,
    acts: Arc<Mutex<Vec<Act>>>,
    seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: Mutex<usize>,
    requests: Mutex<Vec<Vec<u8>>>,
    ended: Mutex<usize>,
    closed: Mutex<usize>,
    told: Notify,
}

/// A whole answer, with its length.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

/// A port that is refused: nobody listens on it, and nobody else gets it while the socket is kept.
pub(crate) fn deaf() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    (socket, url)
}

impl Wire {
    /// The n-th request meets the n-th act; the last one repeats.
    pub(crate) async fn start(acts: impl Into<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (acts, seen) = (Arc::new(Mutex::new(acts.into())), Arc::new(Seen::default()));
        let (known, remembered) = (Arc::clone(&acts), Arc::clone(&seen));
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *seen.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, Arc::clone(&acts), Arc::clone(&seen)));
            }
        });
        Self { address, acts: known, seen: remembered, serving }
    }

    pub(crate) async fn always(act: Act) -> Self {
        Self::start([act]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    /// Another act for the n-th request, such as one that knows the address.
    pub(crate) fn replace(&self, nth: usize, act: Act) {
        self.acts.lock().unwrap()[nth] = act;
    }

    /// The requests that began, as far as each was read.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.seen.requests.lock().unwrap();
        requests.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    /// How many answers were written to their end.
    pub(crate) fn answered(&self) -> usize {
        *self.seen.ended.lock().unwrap()
    }

    /// How many connections it closed, and the gateway noticed.
    pub(crate) fn closed(&self) -> usize {
        *self.seen.closed.lock().unwrap()
    }

    /// Lets one [`Act::AnswerWhenTold`] go on.
    pub(crate) fn tell(&self) {
        self.seen.told.notify_one();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, acts: Arc<Mutex<Vec<Act>>>, seen: Arc<Seen>) {
    let mut unread = Vec::new();
    loop {
        if unread.is_empty() && !matches!(stream.read_buf(&mut unread).await, Ok(1..)) {
            return;
        }
        let nth = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(Vec::new());
            requests.len() - 1
        };
        let act = {
            let acts = acts.lock().unwrap();
            acts.get(nth).or(acts.last()).unwrap().clone()
        };
        let most = if let Act::ResetAfterReading(most) = act { most } else { usize::MAX };
        let request = read_request(&mut stream, &mut unread, most).await;
        seen.requests.lock().unwrap()[nth] = request;
        if !perform(&mut stream, act, &seen).await {
            return;
        }
    }
}

/// Whether the connection goes on.
async fn perform(stream: &mut TcpStream, act: Act, seen: &Seen) -> bool {
    // A peer that has gone is nothing that a misbehaving server would mind.
    match act {
        Act::Answer(bytes) => {
            let written = stream.write_all(&bytes).await.is_ok();
            *seen.ended.lock().unwrap() += 1;
            return written;
        }
        Act::AnswerWhenTold(bytes) => {
            seen.told.notified().await;
            let written = stream.write_all(&bytes).await.is_ok();
            *seen.ended.lock().unwrap() += 1;
            return written;
        }
        Act::Close(bytes) => {
            stream.write_all(&bytes).await.unwrap_or(());
            stream.shutdown().await.unwrap_or(());
            // Until the other side has noticed.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap_or(0);
            *seen.closed.lock().unwrap() += 1;
        }
        Act::Reset(bytes) => {
            stream.write_all(&bytes).await.unwrap_or(());
            stream.set_zero_linger().unwrap();
        }
        Act::ResetAfterReading(_) => stream.set_zero_linger().unwrap(),
        Act::Hang(bytes) => {
            stream.write_all(&bytes).await.unwrap_or(());
            std::future::pending::<()>().await;
        }
        Act::Drip(bytes) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            std::future::pending::<()>().await;
        }
        Act::Flood(head) => {
            let piece = vec![b'x'; 64 * 1024];
            let mut going = stream.write_all(&head).await.is_ok();
            while going {
                going = stream.write_all(&piece).await.is_ok();
            }
        }
    }
    false
}

/// Reads a request with its body, or only its first bytes.
async fn read_request(stream: &mut TcpStream, unread: &mut Vec<u8>, most: usize) -> Vec<u8> {
    loop {
        if unread.len() >= most {
            return std::mem::take(unread);
        }
        if let Some(length) = whole_length(unread).filter(|length| unread.len() >= *length) {
            return unread.drain(..length).collect();
        }
        if !matches!(stream.read_buf(unread).await, Ok(1..)) {
            return std::mem::take(unread);
        }
    }
}

fn whole_length(bytes: &[u8]) -> Option<usize> {
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    Some(head_end + length.map_or(0, |length| length.trim().parse().unwrap()))
}
