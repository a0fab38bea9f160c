//! One answer of Graph's, read within its limits and judged.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use memchr::memmem::Finder;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::failure::{Cause, GraphError, GraphFailure, Outcome, REDACTED, Trouble, without_token};

/// The most a JSON answer may have. Graph's own are far below.
const MAX_REPLY: usize = 4 * 1024 * 1024;
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What Graph answered, as it came: for callers who speak Graph's own language.
#[derive(Clone)]
pub struct GraphReply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A body may have anything in it, so nothing of it gets into a log.
impl fmt::Debug for GraphReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GraphReply({})", self.status)
    }
}

/// Why no answer could be read, once its first byte had come.
pub(super) enum Unreadable {
    Cut,
    TooLarge,
}

impl GraphReply {
    pub(super) fn read(
        mut response: Response,
    ) -> impl Future<Output = Result<Self, (StatusCode, Unreadable)>> {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        async move {
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await.map_err(|_| (status, Unreadable::Cut))? {
                if body.len() + chunk.len() > MAX_REPLY {
                    return Err((status, Unreadable::TooLarge));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Self { status, headers, body: body.freeze() })
        }
    }

    /// The answer, if it says yes; else what the no means. The Meta token is in neither.
    pub(super) fn judge(self, token: &SecretString) -> Result<Self, GraphFailure> {
        let reply = self.without_token(token);
        if reply.status.is_success() && !may_hold_error(&reply.body) {
            return Ok(reply);
        }
        let error = GraphError::read(&reply.body);
        if reply.status.is_success() && error.is_none() {
            return Ok(reply);
        }
        let mut failure = reply.classify(error.as_ref()).with_status(reply.status.as_u16());
        failure.error = error;
        failure.reply = reply.is_object().then(|| Box::new(reply));
        Err(failure)
    }

    /// The answer, if it is a JSON object; anything else was not said by Graph, whatever the status.
    pub(super) fn object(self) -> Result<Self, GraphFailure> {
        if self.is_object() {
            return Ok(self);
        }
        let detail = "Graph's answer is no JSON object";
        Err(GraphFailure::new(Outcome::Unknown, Cause::Broken, detail).with_status(200))
    }

    /// The same answer with the Meta token taken out wherever it appears.
    fn without_token(mut self, token: &SecretString) -> Self {
        let shown = Finder::new(token.expose_secret());
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        if shown.find(text.as_bytes()).is_some() || text.contains('\\') {
            self.body = without_token(text, token).into();
        }
        for value in self.headers.values_mut() {
            if shown.find(value.as_bytes()).is_some() {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        self
    }

    fn is_object(&self) -> bool {
        serde_json::from_slice::<&RawValue>(&self.body)
            .is_ok_and(|value| value.get().starts_with('{'))
    }

    fn classify(&self, error: Option<&GraphError>) -> GraphFailure {
        use Outcome::{NotSent, Rejected, Unknown};

        let status = self.status.as_u16();
        if self.status.is_server_error() {
            let failure =
                GraphFailure::new(Unknown, Cause::Broken, "Graph answered a server error");
            return failure.with_trouble(Trouble::ServerError);
        }
        if status == 429 || error.is_some_and(GraphError::is_throttling) {
            let wait = error.map_or(Duration::from_secs(1), GraphError::usual_wait);
            let wait = retry_after(&self.headers).map_or(wait, |asked| asked.max(wait));
            let mut failure = GraphFailure::new(NotSent, Cause::Throttled, "Graph throttles");
            failure.retry_after = Some(wait);
            return failure;
        }
        match error {
            _ if status == 408 => {
                GraphFailure::new(Unknown, Cause::Timeout, "Graph answered a timeout")
            }
            Some(error) if status == 401 || error.is_of_token() => {
                let detail = "Graph refused the Meta token";
                let failure = GraphFailure::new(Rejected, Cause::Credentials, detail);
                failure.with_trouble(Trouble::TokenRefused)
            }
            Some(error) => GraphFailure::new(Rejected, error.cause(), "Graph refused"),
            None if self.status.is_redirection() => {
                GraphFailure::new(Unknown, Cause::Broken, "Graph answered a redirect")
            }
            None => GraphFailure::new(Unknown, Cause::Broken, "the answer is not Graph's"),
        }
    }
}

/// A cheap look that spares the usual answer a second parse.
fn may_hold_error(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"\"error\"").is_some()
}

/// Seconds or an HTTP date; anything else counts for nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let moment = httpdate::parse_http_date(text).ok()?;
            moment.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}
