//! An endpoint of a customer: a bare socket that does as it is told, and remembers every call.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a call is met with.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Answer(u16),
    /// With a `Retry-After`.
    Later(u16, &'static str),
    /// After a while.
    Slowly(Duration),
    /// Never an answer.
    Hang,
    /// The connection is reset.
    Reset,
    /// Answers the challenge of the handshake.
    Challenge,
}

/// A call as it came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }
}

#[derive(Clone)]
pub(crate) struct Receiver {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    acts: Mutex<VecDeque<Act>>,
    otherwise: Mutex<Act>,
    calls: Mutex<Vec<Call>>,
    at_once: Mutex<(usize, usize)>,
}

impl Receiver {
    /// Meets the first calls with `acts`, one each, and all later ones with `otherwise`.
    pub(crate) async fn start(acts: &[Act], otherwise: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            acts: Mutex::new(acts.iter().cloned().collect()),
            otherwise: Mutex::new(otherwise),
            calls: Mutex::default(),
            at_once: Mutex::default(),
        });
        let receiver = Self { url, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        receiver
    }

    pub(crate) async fn fine() -> Self {
        Self::start(&[], Act::Answer(204)).await
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// From now on.
    pub(crate) fn will(&self, act: Act) {
        *self.shared.otherwise.lock().unwrap() = act;
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// The most calls that were open at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.at_once.lock().unwrap().1
    }

    /// Waits for that many calls.
    pub(crate) async fn called(&self, times: usize) -> Vec<Call> {
        super::eventually(&format!("{times} calls"), || async { self.calls().len() >= times })
            .await;
        self.calls()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(call) = read(&mut stream).await {
        let target = call.target.clone();
        {
            let mut at_once = shared.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        shared.calls.lock().unwrap().push(call);
        let next = shared.acts.lock().unwrap().pop_front();
        let act = next.unwrap_or_else(|| shared.otherwise.lock().unwrap().clone());
        let (status, headers, body) = match act {
            Act::Answer(status) => (status, String::new(), String::new()),
            Act::Later(status, after) => {
                (status, format!("retry-after: {after}\r\n"), String::new())
            }
            Act::Slowly(wait) => {
                tokio::time::sleep(wait).await;
                (200, String::new(), String::new())
            }
            Act::Challenge => (200, String::new(), format!(" {}\n", challenge(&target))),
            Act::Hang => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return;
            }
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        };
        shared.at_once.lock().unwrap().0 -= 1;
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn challenge(target: &str) -> String {
    let (_, query) = target.split_once('?').unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == "hub.challenge")
        .map(|(_, value)| value.into())
        .unwrap_or_default()
}

/// One request of HTTP/1.1; `None` at the end of the connection.
pub(crate) async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut lines = head.lines();
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Call { target, headers, body: String::from_utf8(bytes).unwrap() })
}
