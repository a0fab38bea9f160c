//! 100 MB up and down: memory and CPU for each megabyte.

use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::Instant;

use crate::Options;
use crate::gateway::{Installation, NUMBER, Storage};
use crate::http::Head;
use crate::process::Process;
use crate::report::{Figures, Report};

const FILE: usize = 100_000_000;
const AT_ONCE: usize = 10;
const PIECE: usize = 64 * 1024;

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let store = MediaStore::start().await?;
    let installation = Installation::new(options, &Storage::Sqlite)?;
    let mut figures = Figures::default();
    for _ in 0..options.rounds.div_ceil(2) {
        turn(&store, &installation, &mut figures).await?;
    }
    let told = "1 and 10 at once; the upstream is on the other core";
    report.figures("media of 100 MB", told, figures);
    Ok(())
}

async fn turn(
    store: &MediaStore,
    installation: &Installation,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let process = installation.start(store.port, &[("AVENPING_LOG", "off")]).await?;
    let token = Rc::from(installation.token.as_str());
    // Once: what a transfer has taken, and is not given back, is the next one's as well.
    let (idle, _) = process.memory_kb()?;
    for (name, way) in [("upload", Way::Up), ("download", Way::Down)] {
        for count in [1, AT_ONCE] {
            let before = (process.cpu_micros()?, Instant::now());
            let most = all_at_once(&process, &token, way, count).await?;
            let megabytes = (FILE * count) as f64 / 1e6;
            let used = process.cpu_micros()? - before.0;
            let seconds = before.1.elapsed().as_secs_f64();
            let of = format!("{count} x {name}");
            figures.note(format!("{of}: MB a second"), megabytes / seconds);
            figures.note(format!("{of}: CPU microseconds a MB"), used / megabytes);
            figures.note(format!("{of}: memory above idle, MB"), (most - idle) / 1024.0);
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

/// The most memory that was seen meanwhile.
async fn all_at_once(
    process: &Process,
    token: &Rc<str>,
    way: Way,
    count: usize,
) -> anyhow::Result<f64> {
    let tasks = LocalSet::new();
    let mut running = Vec::new();
    for _ in 0..count {
        let (port, token) = (process.port, Rc::clone(token));
        running.push(tasks.spawn_local(async move {
            match way {
                Way::Up => upload(port, &token).await,
                Way::Down => download(port, &token).await,
            }
        }));
    }
    let mut most: f64 = 0.0;
    tasks
        .run_until(async {
            while running.iter().any(|task| !task.is_finished()) {
                most = most.max(process.memory_kb()?.0);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            for task in running {
                task.await??;
            }
            anyhow::Ok(())
        })
        .await?;
    Ok(most)
}

async fn upload(port: u16, token: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!(
        "POST /v2/media/upload HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\nx-phone-number-id: {NUMBER}\r\n\
         content-type: application/pdf\r\ncontent-length: {FILE}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let piece = vec![b'x'; PIECE];
    let mut left = FILE;
    while left > 0 {
        let part = left.min(PIECE);
        stream.write_all(&piece[..part]).await?;
        left -= part;
    }
    let mut buffer = Vec::new();
    loop {
        if let Some(head) = Head::of(&buffer)? {
            anyhow::ensure!(head.status == 200, "{}", String::from_utf8_lossy(&buffer));
            return Ok(());
        }
        anyhow::ensure!(stream.read_buf(&mut buffer).await? > 0, "no answer");
    }
}

async fn download(port: u16, token: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let ask = format!(
        "GET /v2/media/1037543291543636/download HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await?;
    let mut buffer = vec![0; PIECE];
    let mut got = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => break,
            count => got += count,
        }
    }
    anyhow::ensure!(got > FILE, "only {got} bytes came");
    Ok(())
}

/// The media side of Graph: takes uploads, tells where a media is, hands out its bytes.
struct MediaStore {
    port: u16,
    listening: JoinHandle<()>,
}

impl MediaStore {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, port));
            }
        });
        Ok(Self { port, listening })
    }
}

impl Drop for MediaStore {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A peer that goes away ends its connection, and nothing else.
async fn serve(mut stream: TcpStream, port: u16) {
    let mut buffer = Vec::with_capacity(PIECE);
    while let Ok(true) = serve_one(&mut stream, &mut buffer, port).await {}
}

async fn serve_one(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    port: u16,
) -> anyhow::Result<bool> {
    let head = loop {
        if let Some(head) = Head::of(buffer)? {
            break head;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(false);
        }
    };
    let first = String::from_utf8_lossy(&buffer[..head.ends]).into_owned();
    let mut left = (head.ends + head.length).saturating_sub(buffer.len());
    buffer.clear();
    while left > 0 {
        buffer.clear();
        let count = stream.read_buf(buffer).await?;
        anyhow::ensure!(count > 0, "the upload broke off");
        left = left.saturating_sub(count);
    }
    buffer.clear();
    if first.starts_with("GET /bytes") {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ncontent-length: {FILE}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let piece = vec![b'x'; PIECE];
        let mut left = FILE;
        while left > 0 {
            let part = left.min(PIECE);
            stream.write_all(&piece[..part]).await?;
            left -= part;
        }
        return Ok(true);
    }
    let body = if first.starts_with("GET") {
        format!(
            r#"{{"messaging_product":"whatsapp","url":"http://127.0.0.1:{port}/bytes","mime_type":"application/pdf","file_size":{FILE},"id":"1037543291543636"}}"#
        )
    } else {
        r#"{"id":"1037543291543636"}"#.to_owned()
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(true)
}
