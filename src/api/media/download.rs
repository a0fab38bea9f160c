//! `GET /v2/media/{mediaId}/download`: the bytes, checked against what Graph announced.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderValue,
};
use sha2::{Digest, Sha256};

use super::content_type;
use super::lookup::find_media;
use crate::access::DeveloperPlan;
use crate::graph::{Cause, Errand, MediaBytes, MediaInfo};
use crate::model::GraphId;
use crate::state::{AppState, Caller};
use crate::wire::{ApiError, Carried, GraphIdPath, Query, RequestRecord};

/// Meta's limit of 100 MB, and a little for what it adds.
const MAX_BYTES: u64 = 105 * 1024 * 1024;

pub(super) async fn download(
    GraphIdPath(id): GraphIdPath,
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
) -> Result<Response, ApiError> {
    let asked_attachment = query.text("disposition")? == Some("attachment");
    let id = id.ok_or(ApiError::MEDIA_NOT_FOUND)?;
    stream_media(&id, asked_attachment, plan.caller(), &record, &state).await
}

/// Answers with the bytes of one of the caller's media.
///
/// # Errors
/// When it is none of theirs, cannot be had, or is not what Graph announced.
pub async fn stream_media(
    id: &GraphId,
    asked_attachment: bool,
    caller: &Caller,
    record: &RequestRecord,
    state: &AppState,
) -> Result<Response, ApiError> {
    let (info, bytes) = record.upstream(open(state, caller, record.errand, id)).await?;

    let told = bytes.content_type().or(info.mime_type.as_deref());
    let (content_type, may_show) = content_type::of_download(told);
    let disposition = if may_show && !asked_attachment { "inline" } else { "attachment" };
    let filename = content_type::filename(id.as_str(), &content_type);
    let length = bytes.length().or(info.file_size);

    let mut bytes = Checked::new(bytes, &info);
    // A file of one piece is checked before anything is answered: what is wrong with it can be told.
    let first = bytes.next().await.map_err(|_| ApiError::MediaDownload("the bytes broke off"))?;
    let mut response = Response::new(body(first, bytes));
    let headers = response.headers_mut();
    let disposition = format!("{disposition}; filename=\"{filename}\"");
    for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_DISPOSITION, disposition)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// Looks the media up and starts to fetch it. An address that has run out is looked up once more.
async fn open(
    state: &AppState,
    caller: &Caller,
    errand: Errand,
    id: &GraphId,
) -> Result<(MediaInfo, MediaBytes), ApiError> {
    let mut second_try = false;
    loop {
        let (info, _) = find_media(state, caller, errand, id, None).await?;
        if !info.url_announced {
            return Err(ApiError::MEDIA_NOT_FOUND);
        }
        let url = info.url.as_ref().ok_or(ApiError::MediaDownload("not an address of Meta's"))?;
        let bytes = state.graph.media_bytes(caller.credentials(errand), url).await;
        let bytes = bytes.map_err(|failure| match failure.cause {
            Cause::BreakerOpen => failure.into(),
            _ => ApiError::MediaDownload(failure.detail),
        })?;
        if bytes.status() == http::StatusCode::NOT_FOUND && !second_try {
            second_try = true;
            continue;
        }
        if bytes.status() != http::StatusCode::OK {
            return Err(ApiError::MediaDownload("the bytes were refused"));
        }
        let lengths = (bytes.length(), info.file_size);
        if matches!(lengths, (Some(length), Some(announced)) if length != announced) {
            return Err(ApiError::MediaDownload("the length is not the announced one"));
        }
        if bytes.length().or(info.file_size).is_some_and(|length| length > MAX_BYTES) {
            return Err(ApiError::MediaDownload("the bytes are too many"));
        }
        return Ok((info, bytes));
    }
}

/// Bytes on their way through. The last piece is held back until all of it has been checked, so
/// that a reply with the wrong bytes never ends cleanly.
struct Checked {
    bytes: MediaBytes,
    held: Option<Bytes>,
    hash: Sha256,
    received: u64,
    announced_size: Option<u64>,
    announced_hash: Option<[u8; 32]>,
    finished: bool,
}

impl Checked {
    fn new(bytes: MediaBytes, info: &MediaInfo) -> Self {
        Self {
            bytes,
            held: None,
            hash: Sha256::new(),
            received: 0,
            announced_size: info.file_size,
            announced_hash: info.sha256.as_deref().and_then(read_hash),
            finished: false,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, std::io::Error> {
        while !self.finished {
            let Some(chunk) = self.bytes.chunk().await? else {
                self.finished = true;
                self.confirm()?;
                return Ok(self.held.take());
            };
            self.hash.update(&chunk);
            self.received += chunk.len() as u64;
            if self.received > self.announced_size.unwrap_or(MAX_BYTES) {
                return Err(broken("more bytes than announced"));
            }
            if let Some(ready) = self.held.replace(chunk) {
                return Ok(Some(ready));
            }
        }
        Ok(None)
    }

    fn confirm(&self) -> Result<(), std::io::Error> {
        if self.announced_size.is_some_and(|size| size != self.received) {
            return Err(broken("fewer bytes than announced"));
        }
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if self.announced_hash.is_some_and(|announced| announced != hash) {
            return Err(broken("the bytes are not the announced ones"));
        }
        Ok(())
    }
}

fn broken(what: &'static str) -> std::io::Error {
    tracing::warn!(cause = what, "a media download was cut");
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

/// Graph writes hex here, and base64 in its webhooks.
fn read_hash(text: &str) -> Option<[u8; 32]> {
    let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok());
    bytes?.try_into().ok()
}

fn body(first: Option<Bytes>, rest: Checked) -> Body {
    Body::from_stream(try_unfold((first, rest), async |(first, mut rest)| {
        let chunk = if first.is_some() { first } else { rest.next().await? };
        Ok::<_, std::io::Error>(chunk.map(|chunk| (chunk, (None, rest))))
    }))
}
