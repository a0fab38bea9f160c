//! Media: upload, look-up, bytes, deletion. Files pass through; none is ever held in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::once;
use http::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Response, StatusCode};
use serde::Deserialize;
use tokio::io::AsyncSeekExt as _;
use tokio::time::{Instant, timeout_at};
use tokio_util::io::ReaderStream;
use url::Url;

use super::exchange::{Exchange, Repeat, out_of_time, send, without_answer};
use super::failure::{Cause, GraphFailure, Outcome};
use super::{Credentials, Errand, Graph, GraphReply};
use crate::metrics::{CallEnd, CallKind};
use crate::model::GraphId;

/// How long the first byte of a download may take, and each one after a byte.
const BYTES_WAIT: Duration = Duration::from_secs(10);
const READ_AT_ONCE: usize = 64 * 1024;

/// A file that is ready to go up, its length known.
#[derive(Debug)]
pub struct MediaUpload {
    pub file: Arc<std::fs::File>,
    pub length: u64,
    pub filename: String,
    pub mime_type: String,
}

impl MediaUpload {
    fn part(&self) -> Part {
        let part = || {
            let file = Part::stream_with_length(from_its_start(&self.file), self.length);
            file.file_name(self.filename.clone())
        };
        // A type that is none was sorted out when the file arrived; Graph would refuse it anyway.
        part().mime_str(&self.mime_type).unwrap_or_else(|_| part())
    }
}

/// The bytes of a file, opened anew for each try.
fn from_its_start(file: &Arc<std::fs::File>) -> Body {
    let file = Arc::clone(file);
    let opened = async move {
        let mut file = tokio::fs::File::from_std(file.try_clone()?);
        file.rewind().await?;
        Ok::<_, std::io::Error>(ReaderStream::with_capacity(file, READ_AT_ONCE))
    };
    Body::wrap_stream(once(opened).try_flatten())
}

/// Graph's answer to a file it took.
#[derive(Debug)]
pub struct UploadReceipt {
    pub id: String,
    pub reply: GraphReply,
}

/// What Graph knows of a media.
#[derive(Debug)]
pub struct MediaInfo {
    /// The answer, less the Meta token.
    pub reply: GraphReply,
    /// Where the bytes are, if Graph said so and the place may be trusted with the Meta token.
    pub url: Option<Url>,
    pub url_announced: bool,
    pub mime_type: Option<String>,
    pub sha256: Option<String>,
    pub file_size: Option<u64>,
}

/// The bytes of a media, still to be read.
#[derive(Debug)]
pub struct MediaBytes {
    response: Response,
    deadline: Instant,
}

impl Graph {
    /// Uploads a file for one of the account's numbers.
    ///
    /// # Errors
    /// As any send: an upload is not repeated unless it provably never left.
    pub async fn upload_media(
        &self,
        credentials: Credentials<'_>,
        number: &GraphId,
        upload: MediaUpload,
    ) -> Result<UploadReceipt, GraphFailure> {
        let url = self.address(credentials.errand, number, Some("media"));
        let permit = self.ready_for(credentials, number)?;
        let budget = self.0.settings.media_timeout.get();
        let request = || {
            let form = Form::new()
                .text("messaging_product", "whatsapp")
                .text("type", upload.mime_type.clone())
                .part("file", upload.part());
            credentials.sign(self.0.client.post(url.clone()).multipart(form))
        };
        let (kind, repeat) = (CallKind::Upload, Repeat::UnlessSent);
        let exchange = Exchange { kind, permit, credentials, repeat, budget };
        self.exchange(exchange, request, UploadReceipt::read).await
    }

    /// Looks a media up. With a number, only if the media is that number's.
    ///
    /// # Errors
    /// As any read; an answer about another object counts as none.
    pub async fn media(
        &self,
        credentials: Credentials<'_>,
        media: &GraphId,
        number: Option<&GraphId>,
    ) -> Result<MediaInfo, GraphFailure> {
        let url = self.media_address(credentials.errand, media, number);
        self.read(credentials, &url, |reply| self.media_info(reply, media)).await
    }

    fn media_info(&self, reply: GraphReply, media: &GraphId) -> Result<MediaInfo, GraphFailure> {
        #[derive(Deserialize)]
        struct Answer {
            id: String,
            url: Option<String>,
            mime_type: Option<String>,
            sha256: Option<String>,
            file_size: Option<serde_json::Value>,
        }

        let answer: Option<Answer> = serde_json::from_slice(&reply.body).ok();
        // A node of another type has an id, too; and a media is looked up before it is deleted.
        let is_asked_for = |answer: &Answer| {
            answer.id == media.as_str() && (answer.url.is_some() || answer.mime_type.is_some())
        };
        let Some(answer) = answer.filter(is_asked_for) else {
            let detail = "Graph's answer is about another object";
            let failure = GraphFailure::new(Outcome::Unknown, Cause::UnknownObject, detail);
            return Err(failure.with_status(200).of_a_read());
        };
        let url_announced = answer.url.as_ref().is_some_and(|url| !url.is_empty());
        let url = answer.url.and_then(|url| Url::parse(&url).ok());
        Ok(MediaInfo {
            reply,
            url_announced,
            url: url.filter(|url| self.may_see_token(url)),
            mime_type: answer.mime_type,
            sha256: answer.sha256,
            file_size: answer
                .file_size
                .and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok())),
        })
    }

    /// Deletes a media.
    ///
    /// # Errors
    /// As any send.
    pub async fn delete_media(
        &self,
        credentials: Credentials<'_>,
        media: &GraphId,
        number: Option<&GraphId>,
    ) -> Result<GraphReply, GraphFailure> {
        let url = self.media_address(credentials.errand, media, number);
        let permit = self.0.breakers.admit(credentials, None)?;
        let budget = self.0.settings.read_timeout.get();
        let request = || credentials.sign(self.0.client.delete(url.clone()));
        let (kind, repeat) = (CallKind::Write, Repeat::UnlessSent);
        let exchange = Exchange { kind, permit, credentials, repeat, budget };
        self.exchange(exchange, request, GraphReply::object).await
    }

    /// Starts to fetch the bytes. The status is still to be looked at.
    ///
    /// # Errors
    /// When no answer came, or the breaker of the host is open. A host that is not Graph's has its
    /// own: neither shuts the other.
    pub async fn media_bytes(
        &self,
        credentials: Credentials<'_>,
        url: &Url,
    ) -> Result<MediaBytes, GraphFailure> {
        let permit = self.0.breakers.admit_to(url)?;
        let deadline = credentials.deadline(self.0.settings.media_timeout.get());
        let (metrics, traces) = (&self.0.metrics, &self.0.traces);
        let mut span = traces.call(CallKind::Media, credentials.errand.trace, 0);
        let request = send(credentials.sign(self.0.client.get(url.clone())), &mut span);
        let call = metrics.begin(CallKind::Media);
        let answered = timeout_at(deadline.min(Instant::now() + BYTES_WAIT), request).await;
        if let Ok(Ok(response)) = &answered {
            span.answered(response.status().as_u16());
        }
        let answered = answered.map_err(|_| out_of_time());
        let answered = answered.and_then(|sent| sent.map_err(|error| without_answer(&error)));
        let failed = match &answered {
            Ok(response) if response.status().is_success() => None,
            Ok(_) => Some(CallEnd::Rejected),
            Err(failure) => Some(failure.outcome.into()),
        };
        span.ended(failed);
        match failed {
            None => call.succeeded(),
            Some(end) => call.failed(end, None),
        }
        self.0.breakers.settle(permit, credentials, answered.as_ref().err());
        answered.map(|response| MediaBytes { response, deadline })
    }

    fn media_address(&self, errand: Errand, media: &GraphId, number: Option<&GraphId>) -> Url {
        let mut url = self.address(errand, media, None);
        if let Some(number) = number {
            url.query_pairs_mut().append_pair("phone_number_id", number.as_str());
        }
        url
    }

    /// The token goes to Meta's hosts over https, and to where Graph itself is configured to be.
    fn may_see_token(&self, url: &Url) -> bool {
        if url.origin() == self.0.settings.url.origin() {
            return true;
        }
        let Some(host) = url.domain() else { return false };
        let metas = host == "lookaside.fbsbx.com"
            || host.ends_with(".fbcdn.net")
            || host.ends_with(".whatsapp.net");
        url.scheme() == "https" && url.port().is_none() && metas
    }
}

impl UploadReceipt {
    fn read(reply: GraphReply) -> Result<Self, GraphFailure> {
        #[derive(Deserialize)]
        struct Uploaded {
            id: String,
        }

        let uploaded: Option<Uploaded> = serde_json::from_slice(&reply.body).ok();
        match uploaded {
            Some(uploaded) if !uploaded.id.is_empty() => Ok(Self { id: uploaded.id, reply }),
            _ => {
                let detail = "Graph's answer has no media id";
                let failure = GraphFailure::new(Outcome::Unknown, Cause::Broken, detail);
                Err(failure.with_status(200))
            }
        }
    }
}

impl MediaBytes {
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The length that the answer announced.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the pieces stop coming, or the time is up.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, std::io::Error> {
        let wait = self.deadline.min(Instant::now() + BYTES_WAIT);
        let chunk = timeout_at(wait, self.response.chunk()).await;
        let chunk = chunk.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?;
        chunk.map_err(|_| std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    }
}
