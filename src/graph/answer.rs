//! One answer of Graph's, read within its limits and judged.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use serde_json::value::RawValue;

use super::failure::{Cause, GraphError, GraphFailure, Outcome, Trouble};

/// The most a JSON answer may have. Graph's own are far below.
const MAX_REPLY: usize = 4 * 1024 * 1024;
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// Why no answer could be read, once its first byte had come.
pub(super) enum Unreadable {
    Cut,
    TooLarge,
}

impl Answer {
    pub(super) async fn read(mut response: Response) -> Result<Self, (StatusCode, Unreadable)> {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let mut body = BytesMut::new();
        loop {
            let chunk = response.chunk().await.map_err(|_| (status, Unreadable::Cut))?;
            match chunk {
                None => return Ok(Self { status, retry_after, body: body.freeze() }),
                Some(chunk) if body.len() + chunk.len() > MAX_REPLY => {
                    return Err((status, Unreadable::TooLarge));
                }
                Some(chunk) => body.extend_from_slice(&chunk),
            }
        }
    }

    /// The body of an answer that says yes; else what the no means.
    pub(super) fn judge(self, token: &SecretString) -> Result<Bytes, GraphFailure> {
        let status = self.status.as_u16();
        if self.status.is_success() && !may_hold_error(&self.body) {
            return Ok(self.body);
        }
        let error = GraphError::read(&self.body, token);
        if self.status.is_success() && error.is_none() {
            return Ok(self.body);
        }
        let mut failure = self.classify(error.as_ref()).with_status(status);
        failure.error = error;
        Err(failure)
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
            let wait = self.retry_after.map_or(wait, |asked| asked.max(wait));
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

/// The answer, if it is a JSON object; anything else was not said by Graph, whatever the status.
pub(super) fn object(body: Bytes) -> Result<Bytes, GraphFailure> {
    let is_object =
        serde_json::from_slice::<&RawValue>(&body).is_ok_and(|value| value.get().starts_with('{'));
    if is_object {
        return Ok(body);
    }
    let detail = "Graph's answer is no JSON object";
    Err(GraphFailure::new(Outcome::Unknown, Cause::Broken, detail).with_status(200))
}

/// A cheap look that spares the usual answer a second parse.
fn may_hold_error(body: &[u8]) -> bool {
    body.windows(7).any(|window| window == b"\"error\"")
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
