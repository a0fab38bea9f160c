//! What a failure of Graph's means for the caller, above all: did it go out?

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::GraphReply;
use crate::metrics::CallEnd;

/// Whether Graph took what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Proof that Graph took nothing.
    NotSent,
    /// Graph said no.
    Rejected,
    /// It may have been sent.
    Unknown,
}

impl From<Outcome> for CallEnd {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::NotSent => Self::NotSent,
            Outcome::Rejected => Self::Rejected,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// Why it failed, as far as an HTTP status can tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Refused,
    UnknownObject,
    Throttled,
    Timeout,
    /// The account's own access to Meta is broken: not the fault of who calls us.
    Credentials,
    /// No connection, a reset, a 5xx, an answer that is none.
    Broken,
    /// Graph was not asked: it has failed too often a moment ago.
    BreakerOpen,
}

/// What a failure tells of the way to Graph, beyond the one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing: there was an answer.
    None,
    /// Nothing either: it never came to a call.
    NotCalled,
    /// Nor here: this host had no descriptor left for a connection.
    NoRoom,
    ServerError,
    /// It took too long, wherever it was stuck.
    Timeout,
    /// No connection, or one that broke.
    Transport,
    /// The peer said that it has not looked at the request.
    Unprocessed,
    /// Graph does not take the account's Meta token.
    TokenRefused,
}

#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct GraphFailure {
    pub outcome: Outcome,
    /// Whether the same call may be made again without harm.
    pub retryable: bool,
    /// Absent when there was no HTTP answer.
    pub upstream_status: Option<u16>,
    pub error: Option<GraphError>,
    /// The whole answer, if it was JSON, less the Meta token.
    pub reply: Option<Box<GraphReply>>,
    pub retry_after: Option<Duration>,
    pub cause: Cause,
    pub(super) trouble: Trouble,
    /// For the log: what happened, in words of ours.
    pub detail: &'static str,
}

/// Graph's error object.
#[derive(Debug)]
pub struct GraphError {
    raw: Box<RawValue>,
    pub message: Option<String>,
    pub code: Option<i64>,
    pub subcode: Option<i64>,
}

impl GraphFailure {
    #[must_use]
    pub fn message(&self) -> &str {
        if self.cause == Cause::BreakerOpen {
            return self.detail;
        }
        let told = self.error.as_ref().and_then(|error| error.message.as_deref());
        told.filter(|message| !message.is_empty()).unwrap_or("WhatsApp API request failed")
    }

    /// A send that was begun, and of whose end nothing is known.
    #[must_use]
    pub fn unanswered() -> Self {
        Self::new(Outcome::Unknown, Cause::Broken, "the send was cut off")
    }

    /// Whether Graph does not take the account's Meta token: nothing that its caller could mend.
    #[must_use]
    pub fn is_of_token(&self) -> bool {
        self.trouble == Trouble::TokenRefused
    }

    /// Whether Graph said no to what was asked, and not to whoever asked.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.outcome == Outcome::Rejected && self.cause != Cause::Credentials
    }

    /// The code of Meta's error.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        self.error.as_ref()?.code
    }

    pub(super) fn new(outcome: Outcome, cause: Cause, detail: &'static str) -> Self {
        Self {
            outcome,
            retryable: outcome == Outcome::NotSent,
            upstream_status: None,
            error: None,
            reply: None,
            retry_after: None,
            cause,
            trouble: Trouble::None,
            detail,
        }
    }

    /// A call that is not made, for so many were made in vain. There is `left` to wait.
    pub(super) fn refused(detail: &'static str, left: Duration) -> Self {
        let failure = Self::new(Outcome::NotSent, Cause::BreakerOpen, detail);
        Self { retry_after: Some(left), ..failure.with_trouble(Trouble::NotCalled) }
    }

    /// A read that failed half way did nothing: the caller may ask again.
    pub(super) fn of_a_read(mut self) -> Self {
        self.retryable |= self.outcome == Outcome::Unknown;
        self
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.upstream_status = Some(status);
        self
    }

    pub(super) fn with_trouble(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }
}

impl GraphError {
    /// Reads the error object out of an answer; `None` if the answer has none.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Answer {
            error: Box<RawValue>,
        }
        #[derive(Deserialize, Default)]
        struct Known {
            message: Option<serde_json::Value>,
            code: Option<serde_json::Value>,
            error_subcode: Option<serde_json::Value>,
        }

        let answer: Answer = serde_json::from_slice(body).ok()?;
        let raw = answer.error;
        if !raw.get().starts_with('{') {
            return None;
        }
        let known: Known = serde_json::from_str(raw.get()).unwrap_or_default();
        let number = |value: Option<serde_json::Value>| {
            value.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
        };
        Some(Self {
            message: known.message.and_then(|text| text.as_str().map(str::to_owned)),
            code: number(known.code),
            subcode: number(known.error_subcode),
            raw,
        })
    }

    #[must_use]
    pub fn raw(&self) -> &RawValue {
        &self.raw
    }

    /// Whether it is the token itself that is refused, and not what it may do.
    pub(super) fn is_of_token(&self) -> bool {
        self.code == Some(190)
    }

    pub(super) fn is_throttling(&self) -> bool {
        matches!(self.code, Some(4 | 80007 | 130_429 | 131_056))
    }

    /// How long to wait when Graph did not say: a pair of numbers may speak every 6 s, a
    /// number's throughput is back within a second, application limits count by the hour.
    pub(super) fn usual_wait(&self) -> Duration {
        Duration::from_secs(match self.code {
            Some(131_056) => 6,
            Some(4 | 80007) => 60,
            _ => 1,
        })
    }

    pub(super) fn cause(&self) -> Cause {
        match (self.code, self.subcode) {
            (Some(0 | 3 | 10 | 104 | 190 | 200..=299 | 131_005), _) => Cause::Credentials,
            (Some(33 | 803 | 132_001), _) | (Some(100), Some(33)) => Cause::UnknownObject,
            _ => Cause::Refused,
        }
    }
}

/// What stands where the Meta token was.
pub(super) const REDACTED: &str = "[redacted]";

/// Meta has been seen to repeat tokens in messages and links. Takes the token out of JSON text,
/// also where escapes spell it.
pub(super) fn without_token(json: &str, token: &SecretString) -> String {
    let token = token.expose_secret();
    if token.is_empty() {
        return json.to_owned();
    }
    let plain = json.replace(token, REDACTED);
    if !plain.contains('\\') {
        return plain;
    }
    let unescaped = serde_json::from_str(&plain).map(|read: serde_json::Value| read.to_string());
    match unescaped {
        Ok(unescaped) if unescaped.contains(token) => unescaped.replace(token, REDACTED),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, GraphError, without_token};

    fn read(body: &str) -> Option<GraphError> {
        GraphError::read(body.as_bytes())
    }

    #[test]
    fn the_token_is_taken_out_also_where_escapes_spell_it() {
        let token = "EAAsecret".into();
        for said in ["bad EAAsecret", r"bad \u0045AAsecret"] {
            let clean = without_token(&format!(r#"{{"message":"{said}"}}"#), &token);
            assert_eq!(clean, r#"{"message":"bad [redacted]"}"#);
        }
        let harmless = r#"{"message":"a\/b \u00e9", "code":190}"#;
        assert_eq!(without_token(harmless, &token), harmless);
    }

    #[test]
    fn codes_are_read_as_numbers_and_as_text() {
        assert_eq!(read(r#"{"error":{"code":190}}"#).unwrap().cause(), Cause::Credentials);
        assert_eq!(read(r#"{"error":{"code":"131056"}}"#).unwrap().code, Some(131_056));
        assert!(read(r#"{"error":{"code":80007}}"#).unwrap().is_throttling());
        let unknown = read(r#"{"error":{"code":100,"error_subcode":33}}"#).unwrap();
        assert_eq!(unknown.cause(), Cause::UnknownObject);
    }

    #[test]
    fn only_an_object_is_an_error_of_graphs() {
        for body in [r#"{"error":"no"}"#, r#"{"error":null}"#, "<html>", "{}", ""] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
