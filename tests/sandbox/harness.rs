//! A sandbox of one's own, and a caller that has its token.

use std::time::Duration;

use avenping_gateway::clock::Clock;
use avenping_gateway::model::{GraphId, PhoneNumber, Timestamp};
use avenping_gateway::sandbox::{Sandbox, SandboxSettings, demo};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const WABA: &str = "102290129340398";
pub(crate) const NUMBER: &str = "106540352242922";
pub(crate) const OTHER_NUMBER: &str = "106540352242923";
pub(crate) const TO: &str = "16505551234";

pub(crate) struct Caller {
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub dir: TempDir,
    http: Client,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        Self { status, body: serde_json::from_slice(&body).unwrap() }
    }

    pub(crate) fn code(&self) -> u64 {
        self.body["error"]["code"].as_u64().unwrap_or_default()
    }

    pub(crate) fn details(&self) -> &str {
        self.body["error"]["error_data"]["details"].as_str().unwrap_or_default()
    }

    pub(crate) fn is_accepted(&self, what: &str) {
        assert_eq!(self.status, 200, "{what}: {}", self.body);
    }

    /// Refused with this code, in Meta's shape, and `names` in the details.
    pub(crate) fn is_refused(&self, what: &str, code: u64, names: &str) {
        let error = &self.body["error"];
        assert_eq!(self.code(), code, "{what}: {}", self.body);
        assert_eq!(error["type"], "OAuthException", "{what}");
        assert_eq!(error["error_data"]["messaging_product"], "whatsapp", "{what}");
        assert!(error["fbtrace_id"].is_string(), "{what}");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("(#{code})")), "{what}: {message}");
        assert!(self.details().contains(names), "{what}: {names:?} is not in {}", self.details());
        assert_eq!(self.status, if code == 132_001 { 404 } else { 400 }, "{what}");
    }
}

impl Caller {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn start_in(dir: TempDir) -> Self {
        let clock = Clock::fixed(Timestamp::from_millis(1_800_000_000_000));
        let mut settings = demo(dir.path().to_owned()).unwrap();
        settings.clock = clock.clone();
        settings.slow_answer = Duration::from_millis(1);
        settings.status_pause = Duration::from_millis(1);
        settings.retry_pause = Duration::from_millis(1);
        settings.phone_numbers.push(PhoneNumber {
            id: GraphId::parse(OTHER_NUMBER).unwrap(),
            number: "+1 555-078-3882".to_owned(),
            name: "Another store".to_owned(),
        });
        Self::with(settings, clock, dir).await
    }

    async fn with(settings: SandboxSettings, clock: Clock, dir: TempDir) -> Self {
        let sandbox = Sandbox::start(settings).await.unwrap();
        Self { sandbox, clock, dir, http: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.sandbox.url().join(path).unwrap().into()
    }

    pub(crate) fn without_token(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.without_token(method, path).bearer_auth("sandbox-access-token")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(reqwest::Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(reqwest::Method::DELETE, path).send().await.unwrap()).await
    }

    pub(crate) fn posting(&self, payload: &Value) -> RequestBuilder {
        self.request(reqwest::Method::POST, &format!("/v23.0/{NUMBER}/messages"))
            .header("content-type", "application/json")
            .body(payload.to_string())
    }

    /// Sends a whole payload.
    pub(crate) async fn post(&self, payload: &Value) -> Answer {
        Answer::of(self.posting(payload).send().await.unwrap()).await
    }

    /// Sends one kind of message, with a sound envelope.
    pub(crate) async fn send(&self, kind: &str, content: &Value) -> Answer {
        self.post(&message(kind, content)).await
    }

    pub(crate) async fn upload_form(&self, form: Form) -> Answer {
        let request = self.request(reqwest::Method::POST, &format!("/v23.0/{NUMBER}/media"));
        Answer::of(request.multipart(form).send().await.unwrap()).await
    }

    /// The id of a media just uploaded.
    pub(crate) async fn upload(&self, mime_type: &str, bytes: Vec<u8>) -> String {
        let answer = self.upload_form(form(mime_type, bytes)).await;
        answer.is_accepted("upload");
        answer.body["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn message(kind: &str, content: &Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": kind,
        kind: content,
    })
}

pub(crate) fn form(mime_type: &str, bytes: Vec<u8>) -> Form {
    let part = Part::bytes(bytes).file_name("file").mime_str(mime_type).unwrap();
    Form::new()
        .text("messaging_product", "whatsapp")
        .text("type", mime_type.to_owned())
        .part("file", part)
}

/// So many characters, of two bytes each.
pub(crate) fn long(length: usize) -> String {
    "é".repeat(length)
}

fn client() -> Client {
    let provider = rustls::crypto::ring::default_provider();
    let tls = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}
