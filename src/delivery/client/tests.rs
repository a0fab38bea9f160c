use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::Instant;

use super::{Called, Parcel, WebhookClient};
use crate::config::DeliverySettings;
use crate::delivery::Silence;
use crate::model::{EventId, Timestamp, WebhookEvent};

/// Every name leads to this machine.
struct Home;

impl Resolve for Home {
    fn resolve(&self, _: Name) -> Resolving {
        let home = SocketAddr::from(([127, 0, 0, 1], 0));
        Box::pin(async move { Ok(Box::new(std::iter::once(home)) as Addrs) })
    }
}

fn settings() -> DeliverySettings {
    DeliverySettings {
        retry_schedule: "0s".parse().unwrap(),
        slow_retry: Duration::from_secs(60).into(),
        lease: Duration::from_secs(60).into(),
        connect_timeout: Duration::from_secs(2).into(),
        timeout: Duration::from_millis(800).into(),
    }
}

fn client(allow_private: bool) -> WebhookClient {
    WebhookClient::resolving(&settings(), allow_private, Arc::new(Home)).unwrap()
}

async fn post(client: &WebhookClient, url: &str) -> Called {
    let secrets: [SecretString; 1] = ["code".into()];
    let parcel = Parcel {
        event: &EventId::from_stored("evt_1".to_owned()),
        kind: WebhookEvent::NewMessage,
        sequence: 7,
        body: "{}",
        secrets: &secrets,
    };
    client.post(url, &parcel, Timestamp::from_millis(5_000), None).await
}

/// Answers one call with `reply`, and tells what was asked.
async fn once(reply: Vec<u8>, stay: Duration) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"{}") && !head.ends_with(b"\r\n\r\n{}") {
            let mut piece = [0; 1024];
            let read = stream.read(&mut piece).await.unwrap();
            assert!(read > 0, "the call broke off");
            head.extend_from_slice(&piece[..read]);
        }
        // The client may hang up before it has all of a long reply.
        let _hung_up = stream.write_all(&reply).await.is_err();
        tokio::time::sleep(stay).await;
        String::from_utf8(head).unwrap()
    });
    (address, asked)
}

#[tokio::test]
async fn no_way_leads_to_a_private_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = client(false);
    for host in [
        "a.example",
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "user@127.0.0.1",
    ] {
        let called = post(&client, &format!("https://{host}:{port}/")).await;
        assert_eq!(called.answer.unwrap_err(), Silence::Unreachable, "{host}");
    }
    let called = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(called.is_err(), "somebody called");
}

#[tokio::test]
async fn a_closed_port_reads_like_an_address_that_is_not_allowed() {
    // Bound and never listened on: nobody else gets it meanwhile.
    let kept = TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("http://{}/", kept.local_addr().unwrap());
    let refused = post(&client(true), &closed).await.failure();
    let blocked = post(&client(false), "https://10.0.0.1/").await.failure();
    assert_eq!(refused.as_deref(), Some("The endpoint could not be reached"));
    assert_eq!(refused, blocked);
}

#[tokio::test]
async fn a_call_keeps_its_host_and_carries_what_the_receiver_needs() {
    let reply = b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    let (address, asked) = once(reply, Duration::ZERO).await;
    let url = format!("http://hooks.example:{}/in?x=1", address.port());
    let called = post(&client(true), &url).await;
    assert_eq!((called.status(), called.failure()), (Some(204), None));

    let asked = asked.await.unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("post /in?x=1 http/1.1\r\n"), "{asked}");
    for header in [
        &format!("host: hooks.example:{}", address.port()),
        "content-type: application/json",
        "webhook-id: evt_1",
        "webhook-timestamp: 5",
        "webhook-signature: v1,",
        "x-avenping-signature: sha256=",
        "x-avenping-event: newmessage",
        "x-avenping-sequence: 7",
        "user-agent: avenping-gateway/",
    ] {
        assert!(asked.contains(&format!("\r\n{header}")), "{header} is missing in {asked}");
    }
    assert!(!asked.contains("accept-encoding") && !asked.contains("cookie"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let (trap, reached) = once(Vec::new(), Duration::ZERO).await;
    let reply = format!("HTTP/1.1 307 Go\r\nlocation: http://{trap}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _asked) = once(reply.into_bytes(), Duration::ZERO).await;
    let called = post(&client(true), &format!("http://{address}/")).await;
    let told = called.failure().unwrap();
    assert_eq!(told, "The endpoint answered 307; redirects are not followed");
    assert!(!reached.is_finished());
}

#[tokio::test]
async fn a_reply_without_end_is_cut_and_its_status_counts() {
    let mut reply = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n".to_vec();
    reply.resize(1024 * 1024, b'x');
    let (address, _asked) = once(reply, Duration::from_secs(9)).await;
    let called = post(&client(true), &format!("http://{address}/")).await;
    assert_eq!(called.answer.unwrap().body.len(), 16 * 1024);
    assert!(called.took < Duration::from_millis(800));
}

#[tokio::test]
async fn silence_ends_with_the_time_of_the_attempt_or_of_the_lease() {
    let (address, _asked) = once(Vec::new(), Duration::from_secs(9)).await;
    let called = post(&client(true), &format!("http://{address}/")).await;
    assert_eq!(called.answer.unwrap_err(), Silence::Late);
    assert!((790..2_000).contains(&called.took.as_millis()), "{:?}", called.took);

    let (address, _asked) = once(b"HTTP/1.1 2".to_vec(), Duration::from_secs(9)).await;
    let (client, secrets) = (client(true), []);
    let parcel = Parcel {
        event: &EventId::generate(),
        kind: WebhookEvent::NewLead,
        sequence: 1,
        body: "{}",
        secrets: &secrets,
    };
    let soon = Instant::now() + Duration::from_millis(100);
    let url = format!("http://{address}/");
    let called = client.post(&url, &parcel, Timestamp::from_millis(0), Some(soon)).await;
    assert_eq!(called.answer.unwrap_err(), Silence::Late);
    assert!(called.took < Duration::from_millis(700), "{:?}", called.took);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let (address, _asked) = once(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(), Duration::ZERO).await;
    let called = post(&client(true), &format!("http://{address}/")).await;
    assert_eq!(called.answer.unwrap_err(), Silence::BrokeOff);
}
