//! A Meta that gives plain answers, and remembers what it was asked.

use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{META_TOKEN, NUMBER};

/// What Graph answers to a message: with white space and a member that nobody knows.
pub(crate) const ACCEPTED: &str = r#"{"messaging_product":"whatsapp", "contacts":[{"input":"15551234567","wa_id":"15551234567"}],
 "messages":[{"id":"wamid.HBgL","message_status":"accepted"}],"of_tomorrow":1.50}"#;

pub(crate) struct Meta(MockServer);

impl Meta {
    /// It takes messages of the usual number.
    pub(crate) async fn start() -> Self {
        let meta = Self(MockServer::start().await);
        let answer = ResponseTemplate::new(200).set_body_raw(ACCEPTED, "application/json");
        let taken = Mock::given(method("POST")).and(path(format!("/v23.0/{NUMBER}/messages")));
        meta.0.register(taken.respond_with(answer).with_priority(10)).await;
        meta
    }

    pub(crate) fn url(&self) -> String {
        self.0.uri()
    }

    /// Answers such requests from now on; of two that fit, what was said first counts.
    pub(crate) async fn answers(&self, verb: &str, target: &str, status: u16, body: &str) {
        let answer = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        self.gives(verb, target, answer).await;
    }

    pub(crate) async fn gives(&self, verb: &str, target: &str, answer: ResponseTemplate) {
        self.0.register(Mock::given(method(verb)).and(path(target)).respond_with(answer)).await;
    }

    pub(crate) async fn when(&self, mock: Mock) {
        self.0.register(mock).await;
    }

    /// Forgets what it was asked, and what it was told to answer.
    pub(crate) async fn forget(&self) {
        self.0.reset().await;
    }

    /// All it was asked.
    pub(crate) async fn asked(&self) -> Vec<Request> {
        self.0.received_requests().await.unwrap()
    }

    pub(crate) async fn count(&self) -> usize {
        self.asked().await.len()
    }

    /// The one message it was sent.
    pub(crate) async fn only(&self) -> Request {
        let mut asked = self.asked().await;
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked.remove(0)
    }

    /// The messages it was sent: templates are looked up behind their sends.
    pub(crate) async fn messages(&self) -> Vec<Request> {
        let mut asked = self.asked().await;
        asked.retain(|request| request.url.path().ends_with("/messages"));
        asked
    }

    /// The JSON of the message it was sent last.
    pub(crate) async fn last_body(&self) -> Value {
        let last = self.messages().await.pop().expect("something was sent to Meta");
        serde_json::from_slice(&last.body).unwrap()
    }
}

/// The requests that carried the Meta token, as they should.
pub(crate) fn carries_token(request: &Request) -> bool {
    let values: Vec<_> = request.headers.get_all("authorization").iter().collect();
    values.len() == 1 && values[0] == format!("Bearer {META_TOKEN}").as_str()
}
