//! Reading a request body: its type, its size, its pace.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::extract::Request;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::ApiError;
use crate::fields::{Json, Members, Outline, Violations};
use crate::limits::BodyRoom;
use crate::state::{AppState, Caller};

/// The most a JSON body may have.
const MAX_JSON: u64 = 2 * 1024 * 1024;
/// How long a caller may be slower than [`SLOWEST`].
const GRACE: Duration = Duration::from_secs(5);
/// Bytes a second.
const SLOWEST: u64 = 1000;

/// A body that is known to be JSON.
#[derive(Debug)]
pub struct JsonBody {
    text: String,
    /// Absent if it is no object.
    outline: Option<Outline>,
    /// What it takes up, for as long as it is kept.
    room: Arc<BodyRoom>,
}

impl JsonBody {
    /// Reads the body of a request that has nothing else left to be read.
    ///
    /// # Errors
    /// As [`JsonBody::read`].
    pub async fn of(request: Request, caller: &Caller, state: &AppState) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        Self::read(&parts.headers, body, caller, state).await
    }

    /// Reads the whole body, of at most 2 MB, once there is room for it.
    ///
    /// # Errors
    /// By what is wrong: the type, the encoding, the size, the pace, or the JSON; or there is no
    /// room for it.
    pub async fn read(
        headers: &HeaderMap,
        body: Body,
        caller: &Caller,
        state: &AppState,
    ) -> Result<Self, ApiError> {
        require_json(headers)?;
        require_plain(headers)?;
        let declared = declared_length(headers);
        if declared.is_some_and(|length| length > MAX_JSON) {
            return Err(ApiError::BodyTooLarge(MAX_JSON));
        }
        let expected = body.size_hint().exact();
        let mut room = state.limits.room_for(&caller.share, expected.unwrap_or(MAX_JSON)).await?;
        let expected = expected.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(expected);
        let mut pace = Pace::new(body, state.body_timeout, MAX_JSON);
        while let Some(chunk) = pace.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        room.shrink_to(bytes.len());
        let text = String::from_utf8(bytes).map_err(|_| ApiError::NotJson)?;
        let outline = match serde_json::from_str::<Members<'_>>(&text) {
            Ok(members) => Some(Outline::of(&members, &text)),
            Err(_) => match serde_json::from_str::<&RawValue>(&text) {
                Ok(value) if !value.get().starts_with('{') => None,
                _ => return Err(ApiError::NotJson),
            },
        };
        Ok(Self { text, outline, room: Arc::new(room) })
    }

    /// What it takes up: to be kept by whoever keeps what was made of it.
    #[must_use]
    pub fn room(&self) -> Arc<BodyRoom> {
        Arc::clone(&self.room)
    }

    /// The whole body.
    #[must_use]
    pub fn value(&self) -> Json<'_> {
        Json::trimmed(&self.text)
    }

    /// The members; none if the body is no object.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        self.outline.as_ref().map(|outline| outline.members(&self.text)).unwrap_or_default()
    }

    /// The members of a body that must be an object.
    ///
    /// # Errors
    /// When it is an array, a string, a number…
    pub fn object(&self) -> Result<Members<'_>, ApiError> {
        match &self.outline {
            Some(outline) => Ok(outline.members(&self.text)),
            None => Err(Violations::one("", "must be an object").into()),
        }
    }
}

/// No content type at all is taken for JSON.
fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = content_type.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(ApiError::UnsupportedMediaType("Send the body as Content-Type: application/json"))
}

/// A compressed body would make every size limit meaningless.
pub(crate) fn require_plain(headers: &HeaderMap) -> Result<(), ApiError> {
    let encodings = headers.get_all(CONTENT_ENCODING);
    if encodings.iter().all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(ApiError::UnsupportedMediaType("Send the body without Content-Encoding"))
}

pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body read piece by piece, with a limit on its size, its time and its slowness.
#[derive(Debug)]
pub struct Pace {
    stream: BodyDataStream,
    started: Instant,
    limit: Duration,
    most: u64,
    received: u64,
}

impl Pace {
    #[must_use]
    pub fn new(body: Body, limit: Duration, most: u64) -> Self {
        Self { stream: body.into_data_stream(), started: Instant::now(), limit, most, received: 0 }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When it is too late, too much, or the caller went away.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        let next = match self.stream.next().now_or_never() {
            // A short body has come with its head: no timer, and no room for one.
            Some(next) => next,
            None => Box::pin(self.wait()).await?,
        };
        match next {
            None => Ok(None),
            Some(Err(_)) => Err(ApiError::BodyBroken),
            Some(Ok(chunk)) => {
                self.received += chunk.len() as u64;
                if self.received > self.most {
                    return Err(ApiError::BodyTooLarge(self.most));
                }
                Ok(Some(chunk))
            }
        }
    }

    async fn wait(&mut self) -> Result<Option<Result<Bytes, axum::Error>>, ApiError> {
        let pace = GRACE + Duration::from_secs(self.received / SLOWEST);
        let deadline = self.started + self.limit.min(pace);
        timeout_at(deadline, self.stream.next()).await.map_err(|_| ApiError::BodyTimeout)
    }
}
