//! A caller of the gateway, with a token and a number of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use serde_json::{Value, json};

use crate::program;

/// Whoever waits longer has found a hang.
const STUCK: Duration = Duration::from_secs(20);

pub(crate) const RECIPIENT: &str = "15557654321";
pub(crate) const SEND_TEXT: &str = "/v2/messages/send/text";

#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    token: Arc<str>,
    number: Arc<str>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
}

/// There was no answer: the program is gone, or has just gone.
#[derive(Debug)]
pub(crate) struct Gone(#[expect(dead_code, reason = "shown when a case fails")] reqwest::Error);

pub(crate) fn http_client() -> reqwest::Client {
    let tls = avenping_gateway::tls::client_config();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.timeout(STUCK).build().unwrap()
}

/// The answer; a program that hangs is a failure of the case.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, Gone> {
    let gone = |error: reqwest::Error| {
        assert!(!error.is_timeout(), "the program hangs: {error:?}\n{}", program::threads());
        Gone(error)
    };
    let response = request.send().await.map_err(gone)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.map_err(gone)?;
    Ok(Answer { status, headers, text })
}

impl Caller {
    pub(crate) fn new(token: &str, number: &str) -> Self {
        Self { http: http_client(), token: token.into(), number: number.into() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn get(&self, node: SocketAddr, path: &str) -> Result<Answer, Gone> {
        answer(self.http.get(format!("http://{node}{path}")).bearer_auth(&self.token)).await
    }

    pub(crate) async fn post(
        &self,
        node: SocketAddr,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Answer, Gone> {
        let request = self.http.post(format!("http://{node}{path}")).bearer_auth(&self.token);
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        answer(request).await
    }

    /// Sends `text`, which is also the caller's own word for it.
    pub(crate) async fn send(
        &self,
        node: SocketAddr,
        text: &str,
        key: Option<&str>,
    ) -> Result<Answer, Gone> {
        let number: &str = &self.number;
        let body = json!({
            "phoneNumberId": number, "to": RECIPIENT, "text": text, "reference": text,
        });
        self.post(node, SEND_TEXT, &body, key).await
    }

    /// Wants to be called at `url`, signed with `code`, about everything but the raw changes.
    pub(crate) async fn wants_webhooks(&self, node: SocketAddr, url: &str, code: &str) {
        let events = ["newLead", "newMessage", "messageStatus"];
        let body = json!({ "webhookUrl": url, "webhookCode": code, "events": events });
        let set = self.post(node, "/v2/webhooks/config", &body, None).await.unwrap();
        assert_eq!(set.status, 200, "{}", set.text);
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// What became of a send that failed.
    pub(crate) fn outcome(&self) -> String {
        self.json()["details"]["outcome"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }

    /// Our id of the message that was sent.
    pub(crate) fn message_id(&self) -> &str {
        self.header("x-message-id").unwrap_or_else(|| panic!("no id: {self:?}"))
    }

    /// A refusal for now, with a word on when to come again.
    #[track_caller]
    pub(crate) fn says_later(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        assert_eq!(self.json()["error"], "SERVICE_UNAVAILABLE");
        let wait: u64 = self.header("retry-after").expect("it says when").parse().unwrap();
        assert!(wait >= 1);
    }
}
