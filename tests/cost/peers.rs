//! The caller and Meta, on threads of their own. While it is counted they allocate nothing.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 120\r\n\r\n\
    {\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"1\",\"wa_id\":\"1\"}],\"messages\":[{\"id\":\"wamid.HBgLMTU1NTEyMzQ1NjcA\"}]}";
const BODY: &str = r#"{"phoneNumberId":"106540352242922","to":"+1 555 123 4567","text":"Your order 4711 has left our house this morning.","previewUrl":false}"#;
/// Where the number of a send stands in its key.
const PLACE: &str = "############";

/// A Meta that takes everything.
pub(crate) fn meta() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || while read_message(&mut stream) && answer(&mut stream) {});
        }
    });
    address
}

fn answer(stream: &mut TcpStream) -> bool {
    stream.write_all(ANSWER.as_bytes()).is_ok()
}

/// A caller on one connection.
pub(crate) struct Caller {
    stream: TcpStream,
    request: Vec<u8>,
    key_at: Option<usize>,
    sent: u64,
}

impl Caller {
    pub(crate) fn new(gateway: SocketAddr, token: &str, keyed: bool) -> Self {
        let key = if keyed { format!("idempotency-key: {PLACE}\r\n") } else { String::new() };
        let request = format!(
            "POST /v2/messages/send/text HTTP/1.1\r\nhost: gateway\r\n\
             content-type: application/json\r\nauthorization: Bearer {token}\r\n{key}\
             content-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        let stream = TcpStream::connect(gateway).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, key_at: request.find(PLACE), request: request.into(), sent: 0 }
    }

    /// So many sends, each after the answer to the one before.
    pub(crate) fn send(&mut self, times: u64) {
        for _ in 0..times {
            self.sent += 1;
            if let Some(at) = self.key_at {
                let mut place = &mut self.request[at..at + PLACE.len()];
                write!(place, "{:012}", self.sent).unwrap();
            }
            self.stream.write_all(&self.request).unwrap();
            assert!(read_message(&mut self.stream), "no answer");
        }
    }
}

/// Reads a request, or an answer that is 200; `false` at the end.
fn read_message(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap_or(0);
        filled += read;
        if read == 0 {
            return false;
        }
        let text = std::str::from_utf8(&buffer[..filled]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if body.len() >= declared_length(head) {
            assert!(head.starts_with("POST ") || head.starts_with("HTTP/1.1 200"), "{text}");
            return true;
        }
    }
}

fn declared_length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.unwrap().1.parse().unwrap()
}
