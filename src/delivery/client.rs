//! The one HTTP client that goes where customers send it.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::dns::Resolve;
use reqwest::redirect::Policy;
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::resolver::{PublicOnly, System};
use super::signature;
use super::silence::Silence;
use crate::config::DeliverySettings;
use crate::model::public_address::check_webhook_url;
use crate::model::{EventId, Timestamp, WebhookEvent};
use crate::tls::client_config;

const USER_AGENT: &str = concat!("avenping-gateway/", env!("CARGO_PKG_VERSION"));
const EVENT: HeaderName = HeaderName::from_static("x-avenping-event");
const SEQUENCE: HeaderName = HeaderName::from_static("x-avenping-sequence");
const POOL_IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_ENDPOINT: usize = 8;
/// What is read of a reply; the rest is dropped with its connection.
const MOST_REPLY: usize = 16 * 1024;
/// The status is all that counts, so a body gets little time: it is read only to use the
/// connection again.
const REST: Duration = Duration::from_secs(2);

/// Calls the endpoints of customers; clones share connections.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    http: reqwest::Client,
    allow_private: bool,
    timeout: Duration,
}

/// What is posted.
#[derive(Debug)]
pub struct Parcel<'a> {
    pub event: &'a EventId,
    pub kind: WebhookEvent,
    pub sequence: i64,
    /// The exact bytes, as they are signed.
    pub body: &'a str,
    pub secrets: &'a [SecretString],
}

/// A call that was made, or was not allowed.
#[derive(Debug)]
pub struct Called {
    pub answer: Result<Answer, Silence>,
    pub took: Duration,
}

/// The head of an answer, and the start of its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Called {
    /// What went wrong, in words for the owner of the endpoint; nothing after a success.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        match &self.answer {
            Ok(answer) => match answer.status {
                200..=299 => None,
                status @ 300..=399 => {
                    Some(format!("The endpoint answered {status}; redirects are not followed"))
                }
                status => Some(format!("The endpoint answered {status}")),
            },
            Err(silence) => Some(silence.to_string()),
        }
    }

    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }

    #[must_use]
    pub fn millis(&self) -> i64 {
        i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX)
    }
}

impl WebhookClient {
    /// A client that goes to public addresses only, unless `allow_private`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: &DeliverySettings, allow_private: bool) -> Result<Self, reqwest::Error> {
        Self::resolving(settings, allow_private, Arc::new(System))
    }

    fn resolving(
        settings: &DeliverySettings,
        allow_private: bool,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config())
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(settings.connect_timeout.get())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(IDLE_PER_ENDPOINT)
            .tcp_nodelay(true)
            .referer(false)
            .user_agent(USER_AGENT);
        let builder = if allow_private {
            builder.dns_resolver(resolver)
        } else {
            builder.dns_resolver(Arc::new(PublicOnly(resolver)))
        };
        Ok(Self { http: builder.build()?, allow_private, timeout: settings.timeout.get() })
    }

    /// Posts `parcel` to `url`, signed for `now`. Gives up when the attempt's time is over, or at
    /// `until`, if that is earlier.
    pub async fn post(
        &self,
        url: &str,
        parcel: &Parcel<'_>,
        now: Timestamp,
        until: Option<Instant>,
    ) -> Called {
        let mut headers =
            signature::headers(parcel.event, now, parcel.secrets, parcel.body.as_bytes());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(EVENT, HeaderValue::from_static(parcel.kind.name()));
        headers.insert(SEQUENCE, HeaderValue::from(parcel.sequence));
        let call = |url| self.http.post(url).headers(headers).body(parcel.body.to_owned());
        self.call(url, until, call).await
    }

    /// Asks `url` for the answer to a challenge, as Meta does: [`Answer::body`] should be it.
    pub async fn challenge(&self, url: &str, token: &str, challenge: &str) -> Called {
        let ask = |mut url: Url| {
            url.query_pairs_mut()
                .append_pair("hub.mode", "subscribe")
                .append_pair("hub.verify_token", token)
                .append_pair("hub.challenge", challenge);
            self.http.get(url).headers(HeaderMap::new())
        };
        self.call(url, None, ask).await
    }

    async fn call(
        &self,
        url: &str,
        until: Option<Instant>,
        request: impl FnOnce(Url) -> reqwest::RequestBuilder,
    ) -> Called {
        let started = Instant::now();
        let deadline = until.map_or(started + self.timeout, |end| end.min(started + self.timeout));
        // Literal addresses never meet the resolver, so they are judged here; and so is what was
        // set while other rules held.
        let answer = match check_webhook_url(url, self.allow_private) {
            Err(_) => Err(Silence::Unreachable),
            Ok(url) => answer(request(url), deadline).await,
        };
        Called { answer, took: started.elapsed() }
    }
}

/// The answer to `request`. Once its head is there, nothing that its body does changes it.
async fn answer(request: reqwest::RequestBuilder, deadline: Instant) -> Result<Answer, Silence> {
    let sent = tokio::time::timeout_at(deadline, request.send()).await;
    let mut response = sent.map_err(|_| Silence::Late)?.map_err(|error| Silence::of(&error))?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).map(HeaderValue::to_str);
    let retry_after = retry_after.and_then(Result::ok).map(str::to_owned);
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MOST_REPLY - body.len();
            if chunk.len() >= room {
                body.extend(chunk.iter().take(room));
                break;
            }
            body.extend_from_slice(&chunk);
        }
    };
    let _cut_short = tokio::time::timeout_at(deadline.min(Instant::now() + REST), reading).await;
    Ok(Answer { status, retry_after, body })
}

#[cfg(test)]
mod tests;
