//! What stands in for Graph: it takes everything and answers the same, at once or after a while.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use crate::http::Head;

const BODY: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"15551234567","wa_id":"15551234567"}],"messages":[{"id":"wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI5NkNBRkVEMDgwN0Y0Nzc4QUQA"}]}"#;

/// It listens until it is dropped.
pub struct Upstream {
    pub port: u16,
    listening: JoinHandle<()>,
}

impl Upstream {
    pub async fn start(delay: Duration) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        // Thousands come at once, and whom it does not let in has no answer.
        let listener = socket.listen(16_384)?;
        let port = listener.local_addr()?.port();
        let listening = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(serve(stream, delay))),
                    // Out of descriptors: whoever is next waits until one is free.
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        });
        Ok(Self { port, listening })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Serves a connection until the peer closes it or sends what is no HTTP.
async fn serve(mut stream: TcpStream, delay: Duration) {
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
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Ok(_) => match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(_) => return,
        }
    }
}
