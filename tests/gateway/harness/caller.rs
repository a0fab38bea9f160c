//! A caller that writes and reads HTTP literally, so that a case can say anything at all.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::TOKEN;

/// Whoever waits longer has found a hang.
const STUCK: Duration = Duration::from_secs(30);

/// One request on a connection of its own.
#[derive(Clone)]
pub(crate) struct Ask {
    address: SocketAddr,
    from: Option<IpAddr>,
    method: String,
    target: String,
    token: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    length: Length,
}

#[derive(Clone, Copy, PartialEq)]
enum Length {
    Told,
    Chunked,
    /// Promised, and never sent.
    Claimed(u64),
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether it ended where its head said, and not before.
    pub(crate) whole: bool,
}

/// A connection that stays open from request to request.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        Self {
            address,
            from: None,
            method: method.to_owned(),
            target: target.to_owned(),
            token: Some(TOKEN.to_owned()),
            headers: Vec::new(),
            body: Vec::new(),
            length: Length::Told,
        }
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// From another address than the usual one.
    pub(crate) fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, text: &str) -> Self {
        self.header("Content-Type", "application/json").body(text)
    }

    /// Without a declared length.
    pub(crate) fn chunked(mut self) -> Self {
        self.length = Length::Chunked;
        self
    }

    /// Declares a length, and sends nothing of it.
    pub(crate) fn claiming(mut self, length: u64) -> Self {
        self.length = Length::Claimed(length);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: gateway\r\n", self.method, self.target).into_bytes();
        if let Some(token) = &self.token {
            bytes.extend_from_slice(format!("Authorization: Bearer {token}\r\n").as_bytes());
        }
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        match self.length {
            Length::Chunked => bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n"),
            Length::Claimed(length) => {
                bytes.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
                return bytes;
            }
            Length::Told if self.body.is_empty() && self.method != "POST" => {
                bytes.extend_from_slice(b"\r\n");
            }
            Length::Told => {
                let length = format!("Content-Length: {}\r\n\r\n", self.body.len());
                bytes.extend_from_slice(length.as_bytes());
            }
        }
        if self.length == Length::Told {
            bytes.extend_from_slice(&self.body);
            return bytes;
        }
        for piece in self.body.chunks(64 * 1024) {
            bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    }

    pub(crate) async fn send(self) -> Answer {
        let head_only = self.method == "HEAD";
        let mut connection = Connection::open_from(self.from, self.address).await;
        let request = self.header("Connection", "close").bytes();
        let (mut reader, mut writer) = connection.stream.split();
        // The answer may come, and the connection end, before all is written.
        let write = async { writer.write_all(&request).await.unwrap_or(()) };
        let read = read_answer(&mut reader, &mut connection.buffer, head_only);
        let both = async { tokio::join!(read, write).0 };
        timeout(STUCK, both).await.expect("the gateway hangs").expect("there is an answer")
    }
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Self {
        Self::open_from(None, address).await
    }

    async fn open_from(from: Option<IpAddr>, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(from) = from {
            socket.bind((from, 0).into()).unwrap();
        }
        let stream = socket.connect(address).await.expect("the gateway listens");
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next answer; none if the connection ends without one.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let (mut reader, _) = self.stream.split();
        timeout(STUCK, read_answer(&mut reader, &mut self.buffer, false)).await.expect("it hangs")
    }

    /// The head of the next answer; its body is left where it is.
    pub(crate) async fn head(&mut self) -> String {
        while find(&self.buffer, b"\r\n\r\n").is_none() {
            let more = more(&mut self.stream, &mut self.buffer);
            assert!(timeout(STUCK, more).await.expect("the gateway hangs"), "there is no head");
        }
        let end = find(&self.buffer, b"\r\n\r\n").unwrap() + 4;
        String::from_utf8(self.buffer.drain(..end).collect()).unwrap()
    }

    pub(crate) async fn ask(&mut self, ask: Ask) -> Answer {
        self.write(&ask.bytes()).await;
        self.answer().await.expect("there is an answer")
    }

    /// Says that nothing more will come; an answer is still awaited.
    pub(crate) async fn close_writing(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Waits for the gateway to end the connection; what else it says is an error.
    pub(crate) async fn ends(&mut self) {
        assert!(self.answer().await.is_none(), "the connection should have ended");
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The value of a header that must not be there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} is there twice");
        first
    }

    /// The answer is exactly this.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, text: &str) -> &Self {
        assert_eq!((self.status, self.text()), (status, text));
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(self.whole);
        self
    }

    /// The refusal is exactly this, without details.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, message: &str) -> &Self {
        let text = format!(r#"{{"success":false,"error":"{code}","message":"{message}"}}"#);
        self.is(status, &text)
    }

    /// A breaker refused it: nothing was sent, and this is how long to wait.
    #[track_caller]
    pub(crate) fn shut(&self, message: &str, seconds: &str) -> &Self {
        let text = format!(
            concat!(
                r#"{{"success":false,"error":"SERVICE_UNAVAILABLE","message":"{}","#,
                r#""details":{{"outcome":"not_sent","retryable":true}}}}"#
            ),
            message
        );
        self.is(503, &text);
        assert_eq!(self.header("retry-after"), Some(seconds));
        assert_eq!(self.header("x-message-id"), None);
        self
    }

    /// The body was refused for exactly these faults.
    #[track_caller]
    pub(crate) fn faults(&self, faults: &[(&str, &str)]) -> &Self {
        let details: Vec<_> = faults
            .iter()
            .map(|(path, message)| serde_json::json!({ "path": path, "message": message }))
            .collect();
        let details = Value::from(details);
        assert_eq!(self.status, 400, "{}", self.text());
        assert_eq!(self.json()["details"], details, "{}", self.text());
        assert!(self.text().starts_with(
            r#"{"success":false,"error":"VALIDATION_ERROR","message":"Validation failed","details":[{"path":""#
        ));
        self
    }

    /// The data of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        let json = self.json();
        assert!(self.text().starts_with(r#"{"success":true,"data":"#), "{}", self.text());
        json["data"].clone()
    }
}

async fn read_answer(
    reader: &mut (impl tokio::io::AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    head_only: bool,
) -> Option<Answer> {
    let end = loop {
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            break end;
        }
        if !more(reader, buffer).await {
            assert!(buffer.is_empty(), "half a head: {:?}", String::from_utf8_lossy(buffer));
            return None;
        }
    };
    let head: Vec<u8> = buffer.drain(..end + 4).collect();
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    let mut answer = Answer { status, headers, body: Vec::new(), whole: true };
    if head_only {
        return Some(answer);
    }
    if let Some(length) = answer.header("content-length") {
        let length: usize = length.parse().unwrap();
        while buffer.len() < length && answer.whole {
            answer.whole = more(reader, buffer).await;
        }
        answer.body = buffer.drain(..length.min(buffer.len())).collect();
    } else if answer.header("transfer-encoding") == Some("chunked") {
        answer.whole = read_chunks(reader, buffer, &mut answer.body).await;
    } else {
        while more(reader, buffer).await {}
        answer.body = std::mem::take(buffer);
    }
    Some(answer)
}

async fn read_chunks(
    reader: &mut (impl tokio::io::AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    body: &mut Vec<u8>,
) -> bool {
    loop {
        let Some(end) = find(buffer, b"\r\n") else {
            if more(reader, buffer).await {
                continue;
            }
            return false;
        };
        let size = std::str::from_utf8(&buffer[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        while buffer.len() < end + 2 + size + 2 {
            if !more(reader, buffer).await {
                return false;
            }
        }
        body.extend_from_slice(&buffer[end + 2..end + 2 + size]);
        buffer.drain(..end + 2 + size + 2);
        if size == 0 {
            return true;
        }
    }
}

async fn more(reader: &mut (impl tokio::io::AsyncRead + Unpin), buffer: &mut Vec<u8>) -> bool {
    // A reset ends a connection as surely as a close.
    matches!(reader.read_buf(buffer).await, Ok(count) if count > 0)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
