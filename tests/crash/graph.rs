//! A stand-in for Graph that remembers what it took, whatever it then answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::chance::Chance;
use crate::receiver::{Call, read};
use crate::wire::answer;

/// Longer than the gateway waits.
const NEVER: Duration = Duration::from_secs(60);

/// A message that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) wamid: String,
    /// `biz_opaque_callback_data`
    pub(crate) callback: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Graph {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// None is always in a good mood.
    mood: Option<Mutex<Chance>>,
    /// By the text of the message.
    accepted: Mutex<HashMap<String, Vec<Accepted>>>,
}

/// What is done with a request. All but the refusals take the message first.
enum Act {
    Answer(Duration),
    /// Closes without a word.
    Cut,
    /// Closes in the middle of its answer.
    Half,
    /// Says that something went wrong.
    Fail,
    Hang,
    /// With this code of Graph's.
    Refuse(u32),
}

impl Graph {
    pub(crate) async fn calm() -> Self {
        Self::start(None).await
    }

    /// Answers late, cuts, fails, refuses, as chance wants it.
    pub(crate) async fn moody(mood: Chance) -> Self {
        Self::start(Some(mood)).await
    }

    async fn start(mood: Option<Chance>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { mood: mood.map(Mutex::new), accepted: Mutex::default() });
        let graph = Self { url, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(attend(stream, Arc::clone(&shared)));
            }
        });
        graph
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// All that was taken with this text.
    pub(crate) fn accepted(&self, text: &str) -> Vec<Accepted> {
        self.shared.accepted.lock().unwrap().get(text).cloned().unwrap_or_default()
    }

    pub(crate) fn all_accepted(&self) -> HashMap<String, Vec<Accepted>> {
        self.shared.accepted.lock().unwrap().clone()
    }
}

async fn attend(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(call) = read(&mut stream).await {
        let act = shared.mood.as_ref().map_or_else(calm, |mood| moody(&mut mood.lock().unwrap()));
        if let Act::Refuse(code) = act {
            let refusal = json!({ "error": { "message": "No", "code": code } }).to_string();
            if stream.write_all(&answer(400, "", &refusal)).await.is_err() {
                return;
            }
            continue;
        }
        let wamid = shared.take(&call);
        let receipt = json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "1", "wa_id": "1" }],
            "messages": [{ "id": wamid }],
        });
        let receipt = answer(200, "", &receipt.to_string());
        let (written, goes_on) = match act {
            Act::Answer(late) => {
                tokio::time::sleep(late).await;
                (receipt, true)
            }
            Act::Half => (receipt[..receipt.len() / 2].to_vec(), false),
            Act::Fail => (answer(500, "", "<html>sorry</html>"), true),
            Act::Hang => {
                tokio::time::sleep(NEVER).await;
                return;
            }
            Act::Cut | Act::Refuse(_) => return,
        };
        if stream.write_all(&written).await.is_err() || !goes_on {
            return;
        }
    }
}

fn calm() -> Act {
    Act::Answer(Duration::from_millis(50))
}

fn moody(chance: &mut Chance) -> Act {
    match chance.below(100) {
        0..60 => Act::Answer(Duration::ZERO),
        60..75 => Act::Answer(chance.millis(20, 400)),
        75..83 => Act::Cut,
        83..87 => Act::Half,
        87..90 => Act::Fail,
        90..92 => Act::Hang,
        // "Message undeliverable", and "too many messages".
        92..96 => Act::Refuse(131_026),
        _ => Act::Refuse(130_429),
    }
}

impl Shared {
    fn take(&self, call: &Call) -> String {
        let body: Value = serde_json::from_str(&call.body).unwrap();
        let text = body["text"]["body"].as_str().unwrap().to_owned();
        let callback = body["biz_opaque_callback_data"].as_str().map(str::to_owned);
        let wamid = format!("wamid.{}", uuid::Uuid::new_v4().simple());
        let accepted = Accepted { wamid: wamid.clone(), callback };
        self.accepted.lock().unwrap().entry(text).or_default().push(accepted);
        wamid
    }
}
