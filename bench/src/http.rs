//! As much HTTP/1.1 as a measurement needs: it costs little, so that the load does not hide the
//! peer that is measured.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What is looked at of an answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Connection {
    pub async fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends the bytes of a request and waits for the whole answer; tells its status.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        let head = self.read_answer().await?;
        self.buffer.drain(..head.ends + head.length);
        Ok(head.status)
    }

    /// The same, with the body.
    pub async fn ask_whole(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.read_answer().await?;
        let body = self.buffer[head.ends..head.ends + head.length].to_vec();
        self.buffer.drain(..head.ends + head.length);
        Ok(Answer { status: head.status, body })
    }

    async fn read_answer(&mut self) -> anyhow::Result<Head> {
        loop {
            if let Some(head) = Head::of(&self.buffer)?
                && self.buffer.len() >= head.ends + head.length
            {
                return Ok(head);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed in the middle");
            }
        }
    }
}

/// The head of a message.
pub struct Head {
    /// Of an answer; 0 for a request.
    pub status: u16,
    /// Where the body starts.
    pub ends: usize,
    /// How long the body is.
    pub length: usize,
}

impl Head {
    /// `None` if it has not all arrived.
    pub fn of(buffer: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&buffer[..at]).context("the head is no text")?;
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = match first.strip_prefix("HTTP/1.1 ") {
            Some(rest) => rest.get(..3).unwrap_or_default().parse().context("no status")?,
            None => 0,
        };
        let mut length = 0;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().context("no length")?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("a body of unknown length: {first}");
            }
        }
        Ok(Some(Self { status, ends: at + 4, length }))
    }
}

/// A POST of JSON, ready to be sent as often as one likes.
pub fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head =
        format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), body].concat()
}

pub fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}
