//! What stands in for Graph, and for who gets events: it takes everything and answers the same, at
//! once or after a while.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::http::Head;

const BODY: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"15551234567","wa_id":"15551234567"}],"messages":[{"id":"wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI5NkNBRkVEMDgwN0Y0Nzc4QUQA"}]}"#;

/// It listens until it is dropped.
pub struct Upstream {
    pub port: u16,
    answers: Answers,
    gate: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

/// When it answers, and how often it has.
#[derive(Clone)]
struct Answers {
    delay: Duration,
    given: Arc<AtomicU64>,
    may_go: watch::Receiver<bool>,
}

impl Upstream {
    pub async fn start(delay: Duration) -> anyhow::Result<Self> {
        let upstream = Self::start_shut(delay).await?;
        upstream.open();
        Ok(upstream)
    }

    /// Nobody has an answer until it is opened.
    pub async fn start_shut(delay: Duration) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        // Thousands come at once, and whom it does not let in has no answer.
        let listener = socket.listen(16_384)?;
        let port = listener.local_addr()?.port();
        let (gate, may_go) = watch::channel(false);
        let answers = Answers { delay, given: Arc::default(), may_go };
        let to_all = answers.clone();
        let listening = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(serve(stream, to_all.clone()))),
                    // Out of descriptors: whoever is next waits until one is free.
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        });
        Ok(Self { port, answers, gate, listening })
    }

    pub fn open(&self) {
        self.gate.send_replace(true);
    }

    pub fn given(&self) -> u64 {
        self.answers.given.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Serves a connection until the peer closes it or sends what is no HTTP.
async fn serve(mut stream: TcpStream, mut answers: Answers) {
    let length = BODY.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}"
    );
    let mut buffer = Vec::with_capacity(4096);
    if stream.set_nodelay(true).is_err() {
        return;
    }
    loop {
        match Head::of(&buffer) {
            Ok(Some(head)) if buffer.len() >= head.ends + head.length => {
                buffer.drain(..head.ends + head.length);
                if !answers.delay.is_zero() {
                    tokio::time::sleep(answers.delay).await;
                }
                if answers.may_go.wait_for(|may| *may).await.is_err() {
                    return;
                }
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                answers.given.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(_) => return,
        }
    }
}
