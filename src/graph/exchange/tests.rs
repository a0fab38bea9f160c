//! Calls over HTTP/2, against a peer that says frame by frame what it did with a request.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use url::Url;

use crate::clock::Clock;
use crate::config::{BreakerSettings, GraphSettings};
use crate::graph::{
    Content, Credentials, Errand, Graph, GraphFailure, Message, Outcome, PageQuery, SendReceipt,
    TextBody, http,
};
use crate::metrics::Upstream;
use crate::model::{AccountId, Destination, GraphId};
use crate::traces::Traces;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// What happens to one request, when all of it has come.
#[derive(Clone, Copy, Debug)]
enum Act {
    Answer(&'static [u8]),
    /// Resets the stream with this code.
    Reset(u32),
    /// Goes away with this code, says that the request was not looked at, and closes.
    LeaveBefore(u32),
    /// Goes away with this code, says that the request may have been looked at, and closes.
    LeaveAfter(u32),
    /// Goes away, and still answers.
    AnswerAndLeave(&'static [u8]),
}

const ACCEPTED: &[u8] = br#"{"messages":[{"id":"wamid.1"}]}"#;

struct Peer {
    address: SocketAddr,
    asked: Arc<Mutex<usize>>,
}

impl Peer {
    /// The n-th request meets the n-th act.
    async fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acts = Arc::new(Mutex::new(acts.iter().copied().collect::<VecDeque<_>>()));
        let asked = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&acts), Arc::clone(&counted)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn graph(&self) -> Graph {
        let patience = Duration::from_secs(20).into();
        let settings = GraphSettings {
            url: Url::parse(&format!("http://{}", self.address)).unwrap(),
            version: "v23.0".parse().unwrap(),
            connect_timeout: patience,
            send_timeout: patience,
            read_timeout: patience,
            media_timeout: patience,
            breakers: BreakerSettings { failures: 10, open: patience, token_open: patience },
        };
        // Without TLS there is nothing to agree on the protocol with.
        let client = http::client(&settings).http2_prior_knowledge().build().unwrap();
        Graph::over(client, settings, Clock::system(), Upstream::default(), Traces::default())
    }
}

async fn frame(stream: &mut TcpStream, kind: u8, flags: u8, id: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(id.to_be_bytes());
    bytes.extend(payload);
    // A client that has gone is nothing to mind.
    stream.write_all(&bytes).await.unwrap_or(());
}

async fn serve(mut stream: TcpStream, acts: Arc<Mutex<VecDeque<Act>>>, asked: Arc<Mutex<usize>>) {
    let mut preface = [0; PREFACE.len()];
    if stream.read_exact(&mut preface).await.is_err() {
        return;
    }
    assert_eq!(preface, PREFACE);
    frame(&mut stream, SETTINGS, 0, 0, &[]).await;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if stream.read_exact(&mut payload).await.is_err() {
            return;
        }
        let (kind, flags) = (head[3], head[4]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        if kind == SETTINGS && flags & ACK == 0 {
            frame(&mut stream, SETTINGS, ACK, 0, &[]).await;
        }
        if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
            *asked.lock().unwrap() += 1;
            let act = acts.lock().unwrap().pop_front().expect("no more requests than acts");
            if !perform(&mut stream, id, act).await {
                // Until the client has noticed; a reset could overtake what was said last.
                stream.shutdown().await.unwrap_or(());
                stream.read_to_end(&mut payload).await.unwrap_or(0);
                return;
            }
        }
    }
}

/// Whether the connection goes on.
async fn perform(stream: &mut TcpStream, id: u32, act: Act) -> bool {
    let going_away = |last: u32, code: u32| [last.to_be_bytes(), code.to_be_bytes()].concat();
    match act {
        Act::Answer(body) => answer(stream, id, body).await,
        Act::Reset(code) => frame(stream, RST_STREAM, 0, id, &code.to_be_bytes()).await,
        Act::LeaveBefore(code) => {
            frame(stream, GOAWAY, 0, 0, &going_away(id - 1, code)).await;
            return false;
        }
        Act::LeaveAfter(code) => {
            frame(stream, GOAWAY, 0, 0, &going_away(id, code)).await;
            return false;
        }
        Act::AnswerAndLeave(body) => {
            frame(stream, GOAWAY, 0, 0, &going_away(id, NO_ERROR)).await;
            answer(stream, id, body).await;
        }
    }
    true
}

async fn answer(stream: &mut TcpStream, id: u32, body: &[u8]) {
    // `:status: 200` has the number 8 in the table that every peer knows.
    frame(stream, HEADERS, END_HEADERS, id, &[0x88]).await;
    frame(stream, DATA, END_STREAM, id, body).await;
}

fn message() -> Message {
    Message {
        to: Destination::Phone("15551234567".to_owned()),
        context: None,
        content: Content::Text(TextBody { body: "Hi".to_owned(), preview_url: None }),
    }
}

async fn send(graph: &Graph) -> Result<SendReceipt, GraphFailure> {
    let (account, token) = (AccountId::generate(), SecretString::from("EAAG"));
    let until = Instant::now() + Duration::from_secs(20);
    let credentials =
        Credentials::new(&account, &token, Errand { until, trace: None, version: None });
    let number = GraphId::parse("106540352242922").unwrap();
    let permit = graph.ready_for(credentials, &number)?;
    graph.send(permit, credentials, &number, serde_json::to_vec(&message()).unwrap().into()).await
}

#[tokio::test]
async fn a_message_that_was_not_looked_at_is_sent_once_more() {
    for refusal in [
        Act::Reset(REFUSED_STREAM),
        Act::LeaveBefore(NO_ERROR),
        Act::LeaveBefore(ENHANCE_YOUR_CALM),
    ] {
        let peer = Peer::start(&[refusal, Act::Answer(ACCEPTED)]).await;
        assert_eq!(send(&peer.graph()).await.unwrap().wamid, "wamid.1", "{refusal:?}");
        assert_eq!(peer.asked(), 2);
    }
}

#[tokio::test]
async fn twice_refused_it_was_not_sent() {
    for refusal in [Act::Reset(REFUSED_STREAM), Act::LeaveBefore(NO_ERROR)] {
        let peer = Peer::start(&[refusal, refusal]).await;
        let failure = send(&peer.graph()).await.unwrap_err();
        assert_eq!((failure.outcome, failure.retryable), (Outcome::NotSent, true), "{refusal:?}");
        assert_eq!(peer.asked(), 2);
    }
}

#[tokio::test]
async fn a_message_that_may_have_been_looked_at_is_never_sent_again() {
    for ambiguous in [
        Act::LeaveAfter(NO_ERROR),
        Act::LeaveAfter(INTERNAL_ERROR),
        Act::Reset(NO_ERROR),
        Act::Reset(CANCEL),
        Act::Reset(INTERNAL_ERROR),
        Act::Reset(ENHANCE_YOUR_CALM),
    ] {
        let peer = Peer::start(&[ambiguous]).await;
        let failure = send(&peer.graph()).await.unwrap_err();
        assert_eq!(
            (failure.outcome, failure.retryable),
            (Outcome::Unknown, false),
            "{ambiguous:?}"
        );
        assert_eq!(peer.asked(), 1, "{ambiguous:?}");
    }
}

#[tokio::test]
async fn an_answer_of_a_peer_that_goes_away_counts_and_the_next_call_connects_anew() {
    let peer = Peer::start(&[Act::AnswerAndLeave(ACCEPTED), Act::Answer(ACCEPTED)]).await;
    let graph = peer.graph();
    for asked in 1..=2 {
        assert_eq!(send(&graph).await.unwrap().wamid, "wamid.1");
        assert_eq!(peer.asked(), asked);
    }
}

#[tokio::test]
async fn a_read_is_repeated_whatever_happened_to_it() {
    let page = br#"{"data":[]}"#;
    let (account, token) = (AccountId::generate(), SecretString::from("EAAG"));
    let waba = GraphId::parse("102290129340398").unwrap();
    for act in [Act::Reset(INTERNAL_ERROR), Act::LeaveAfter(NO_ERROR), Act::Reset(REFUSED_STREAM)] {
        let peer = Peer::start(&[act, Act::Answer(page)]).await;
        let until = Instant::now() + Duration::from_secs(20);
        let credentials =
            Credentials::new(&account, &token, Errand { until, trace: None, version: None });
        let edge = crate::graph::Edge::Flows;
        let listed = peer.graph().page(credentials, &waba, edge, &PageQuery::default()).await;
        assert!(listed.unwrap().items.is_empty(), "{act:?}");
        assert_eq!(peer.asked(), 2);
    }
}
