//! A customer's endpoint that keeps books: every call by its id, its bytes, and its signatures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::chance::Chance;
use crate::receiver::{Call, read};

#[derive(Clone)]
pub(crate) struct Customer {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    code: String,
    mood: Mutex<Chance>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    events: HashMap<String, Event>,
    /// The events that said the same, word for word.
    ids: HashMap<String, Vec<String>>,
    taken: usize,
    calls: usize,
    faults: Vec<String>,
}

struct Event {
    body: String,
    taken: bool,
}

enum Mood {
    Good,
    Bad,
    Gone,
}

impl Customer {
    /// Takes almost every call; chance has some fail.
    pub(crate) async fn open(code: &str, mood: Chance) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shared =
            Shared { code: code.to_owned(), mood: Mutex::new(mood), books: Mutex::default() };
        let shared = Arc::new(shared);
        let customer = Self { url, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(attend(stream, Arc::clone(&shared)));
            }
        });
        customer
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn code(&self) -> &str {
        &self.shared.code
    }

    /// How many events were met with a 200, each counted once.
    pub(crate) fn taken(&self) -> usize {
        self.shared.books.lock().unwrap().taken
    }

    /// How often an event came that had been here before.
    pub(crate) fn repeats(&self) -> usize {
        let books = self.shared.books.lock().unwrap();
        books.calls - books.events.len()
    }

    /// The ids under which this was told, word for word.
    pub(crate) fn ids_of(&self, body: &str) -> Vec<String> {
        self.shared.books.lock().unwrap().ids.get(body).cloned().unwrap_or_default()
    }

    /// Everything that was told.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let books = self.shared.books.lock().unwrap();
        books.events.values().map(|event| event.body.clone()).collect()
    }

    #[track_caller]
    pub(crate) fn has_no_complaint(&self) {
        let books = self.shared.books.lock().unwrap();
        assert!(books.faults.is_empty(), "{} faults: {:#?}", books.faults.len(), books.faults);
    }
}

async fn attend(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(call) = read(&mut stream).await {
        let answer = match mood(&mut shared.mood.lock().unwrap()) {
            Mood::Good => Some("200 OK"),
            Mood::Bad => Some("500 Sorry"),
            Mood::Gone => None,
        };
        // Whatever is answered: it has come.
        let fine = answer.is_some_and(|answer| answer.starts_with("200"));
        shared.books.lock().unwrap().enter(&call, &shared.code, fine);
        let Some(answer) = answer else {
            stream.set_zero_linger().unwrap();
            return;
        };
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn mood(chance: &mut Chance) -> Mood {
    match chance.below(100) {
        0..4 => Mood::Bad,
        4..6 => Mood::Gone,
        _ => Mood::Good,
    }
}

impl Books {
    fn enter(&mut self, call: &Call, code: &str, fine: bool) {
        self.calls += 1;
        let id = call.id().to_owned();
        if !is_signed(call, code) {
            self.faults.push(format!("{id} is not signed with the code"));
        }
        let ids = self.ids.entry(call.body.clone()).or_default();
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        let event = Event { body: call.body.clone(), taken: false };
        let event = self.events.entry(id.clone()).or_insert(event);
        if event.body != call.body {
            self.faults.push(format!("{id} said {:?} and then {:?}", event.body, call.body));
        }
        if fine && !event.taken {
            event.taken = true;
            self.taken += 1;
        }
    }
}

/// Both signatures: Standard Webhooks', and the one of AvenPing's own.
fn is_signed(call: &Call, code: &str) -> bool {
    let stamped = format!("{}.{}.{}", call.id(), call.header("webhook-timestamp"), call.body);
    let standard = format!("v1,{}", STANDARD.encode(digest(code, &stamped)));
    let own = format!("sha256={}", hex::encode(digest(code, &call.body)));
    call.header("webhook-signature") == standard && call.header("x-avenping-signature") == own
}

fn digest(code: &str, signed: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(code.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
