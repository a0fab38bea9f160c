//! Who is called back: a receiver that keeps what it gets, byte by byte, and fails when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use avenping_gateway::sandbox::Callback;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::get;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

const SECRET: &str = "app-secret";
pub(crate) const VERIFY_TOKEN: &str = "the agreed word";
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) headers: HeaderMap,
    pub(crate) raw: Bytes,
}

pub(crate) struct Receiver {
    url: Url,
    shared: Arc<Shared>,
    posts: mpsc::UnboundedReceiver<Post>,
    handshakes: mpsc::UnboundedReceiver<String>,
}

struct Shared {
    posts: mpsc::UnboundedSender<Post>,
    handshakes: mpsc::UnboundedSender<String>,
    /// So many posts are answered 500 first.
    refusals: AtomicUsize,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/meta", listener.local_addr().unwrap())).unwrap();
        let (sender, posts) = mpsc::unbounded_channel();
        let (asked, handshakes) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { posts: sender, handshakes: asked, refusals: AtomicUsize::new(0) });
        let router = Router::new()
            .route("/meta", get(handshake).post(receive))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, posts, handshakes }
    }

    pub(crate) fn refuse_next(&self, posts: usize) {
        self.shared.refusals.store(posts, Ordering::SeqCst);
    }

    pub(crate) fn callback(&self) -> Callback {
        Callback { url: self.url.clone(), app_secret: SECRET.into(), verify_token: None }
    }

    /// The token shown in the next handshake.
    pub(crate) async fn handshake(&mut self) -> String {
        let asked = tokio::time::timeout(PATIENCE, self.handshakes.recv()).await;
        asked.unwrap().unwrap()
    }

    pub(crate) fn has_more_handshakes(&mut self) -> bool {
        self.handshakes.try_recv().is_ok()
    }

    /// The next post, refused ones included, with a right signature.
    pub(crate) async fn next(&mut self) -> Post {
        let post = tokio::time::timeout(PATIENCE, self.posts.recv()).await;
        let post = post.unwrap().unwrap();
        assert_eq!(post.headers["content-type"], "application/json");
        assert_eq!(post.headers["x-hub-signature-256"], signature(&post.raw));
        post
    }

    /// `value` of the one change in the next post.
    pub(crate) async fn next_value(&mut self) -> Value {
        self.next().await.value()
    }

    pub(crate) async fn next_status(&mut self) -> Value {
        let value = self.next_value().await;
        assert_eq!(value["statuses"].as_array().unwrap().len(), 1, "{value}");
        value["statuses"][0].clone()
    }

    pub(crate) fn has_more(&mut self) -> bool {
        self.posts.try_recv().is_ok()
    }
}

impl Post {
    pub(crate) fn value(&self) -> Value {
        let post: Value = serde_json::from_slice(&self.raw).unwrap();
        assert_eq!(post["object"], "whatsapp_business_account");
        assert_eq!(post["entry"][0]["id"], crate::harness::WABA);
        assert_eq!(post["entry"][0]["changes"][0]["field"], "messages");
        let value = &post["entry"][0]["changes"][0]["value"];
        assert_eq!(value["messaging_product"], "whatsapp");
        value.clone()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.raw).unwrap()
    }
}

async fn handshake(State(shared): State<Arc<Shared>>, uri: Uri) -> (StatusCode, String) {
    let query = uri.query().unwrap_or_default().to_owned();
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(value("hub.mode"), "subscribe");
    shared.handshakes.send(value("hub.verify_token")).unwrap();
    (StatusCode::OK, value("hub.challenge"))
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, raw: Bytes) -> StatusCode {
    shared.posts.send(Post { headers, raw }).unwrap();
    let fewer = |left: usize| left.checked_sub(1);
    match shared.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer) {
        Ok(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Err(_) => StatusCode::OK,
    }
}

/// Worked out here anew, not taken from what is tested.
fn signature(raw: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(raw);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
