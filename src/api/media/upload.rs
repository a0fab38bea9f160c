//! `POST /v2/media/upload` and `POST /v2/media`: a file on its way to Meta.
//!
//! The file rests on disk in between: only then are its number proven and its length known,
//! whatever the order of the parts, and memory does not grow with it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use multer::{Field, Multipart};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::{MAX_FILE, content_type};
use crate::access::{DeveloperPlan, OwnedPhoneNumber};
use crate::fields::Violations;
use crate::graph::{MediaUpload, UploadReceipt};
use crate::state::AppState;
use crate::wire::{
    ApiError, Carried, Pace, Query, Reply, RequestRecord, declared_length, require_plain,
};

/// What the other parts and the boundaries may add to a file.
const MAX_AROUND: u64 = 64 * 1024;
const MAX_TEXT: usize = 1024;
const BUFFER: usize = 256 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Uploaded {
    media_id: String,
}

/// A file that has arrived whole.
struct Arrived {
    file: std::fs::File,
    length: u64,
    filename: String,
    content_type: Option<String>,
}

pub(super) async fn upload(
    Carried(plan): Carried<DeveloperPlan>,
    Carried(record): Carried<Arc<RequestRecord>>,
    State(state): State<AppState>,
    query: Query,
    request: Request,
) -> Result<Reply<Uploaded>, ApiError> {
    let (parts, body) = request.into_parts();
    let text = |name| text_of(&parts.headers, name);
    let content_type = text(CONTENT_TYPE.as_str()).unwrap_or_default();
    let (sender, kind, arrived) = if is_multipart(content_type) {
        let mut sender = None;
        // Proven as soon as it is known: a stranger's file is not read to its end.
        let prove = |number: &str| {
            sender = Some(OwnedPhoneNumber::confirm(plan.clone(), Some(number))?);
            Ok(())
        };
        let (kind, arrived) = read_form(&parts.headers, body, prove, &state).await?;
        let sender = sender.map_or_else(|| OwnedPhoneNumber::confirm(plan, None), Ok)?;
        (sender, kind, arrived.ok_or_else(no_file)?)
    } else {
        let number = text("x-phone-number-id").or_else(|| text("phonenumberid"));
        let number = number.or(query.text("phoneNumberId")?);
        let sender = OwnedPhoneNumber::confirm(plan, number)?;
        require_plain(&parts.headers)?;
        require_room(&parts.headers, MAX_FILE)?;
        let pace = Pace::new(body, state.media_limit, MAX_FILE);
        let filename = plain_filename(text("x-filename").unwrap_or_default());
        let arrived = save_bare(pace, filename, content_type).await?;
        (sender, text("x-upload-type").map(str::to_owned), arrived)
    };
    let uploaded = send_up(sender, kind.as_deref(), arrived, record, &state).await?;
    Ok(Reply(Uploaded { media_id: uploaded.id }))
}

/// Reads a form for a number that is proven already, and sends its file up.
///
/// # Errors
/// By what is wrong with the form, or as any send.
pub async fn upload_form(
    sender: OwnedPhoneNumber,
    headers: &HeaderMap,
    body: Body,
    record: Arc<RequestRecord>,
    state: &AppState,
) -> Result<UploadReceipt, ApiError> {
    if !is_multipart(text_of(headers, CONTENT_TYPE.as_str()).unwrap_or_default()) {
        return Err(ApiError::UnsupportedMediaType("Send the file as multipart/form-data"));
    }
    let (kind, arrived) = read_form(headers, body, |_| Ok(()), state).await?;
    send_up(sender, kind.as_deref(), arrived.ok_or_else(no_file)?, record, state).await
}

async fn send_up(
    sender: OwnedPhoneNumber,
    kind: Option<&str>,
    arrived: Arrived,
    record: Arc<RequestRecord>,
    state: &AppState,
) -> Result<UploadReceipt, ApiError> {
    if arrived.length == 0 {
        return Err(Violations::one("file", "must not be empty").into());
    }
    let told = arrived.content_type.as_deref();
    let mime_type = content_type::of_upload(kind, told, &arrived.filename);
    let upload = MediaUpload {
        file: Arc::new(arrived.file),
        length: arrived.length,
        filename: arrived.filename,
        mime_type,
    };
    let graph = state.graph.clone();
    let upstream = Arc::clone(&record);
    let task = state.sends.spawn(async move {
        let credentials = sender.caller().credentials(upstream.errand);
        upstream.upstream(graph.upload_media(credentials, sender.number(), upload)).await
    });
    let uploaded = task.await.map_err(|_| ApiError::Internal("an upload panicked"))?;
    let uploaded = uploaded.map_err(|failure| ApiError::Upload(Box::new(failure)))?;
    record.note_outcome("uploaded");
    Ok(uploaded)
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn no_file() -> ApiError {
    Violations::one("file", "is required").into()
}

fn is_multipart(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("multipart/form-data")
}

fn require_room(headers: &HeaderMap, most: u64) -> Result<(), ApiError> {
    match declared_length(headers) {
        Some(length) if length > most => Err(ApiError::BodyTooLarge(MAX_FILE)),
        _ => Ok(()),
    }
}

/// The file, and the `type` that was said of it. Other parts do not matter.
async fn read_form(
    headers: &HeaderMap,
    body: Body,
    mut prove: impl FnMut(&str) -> Result<(), ApiError>,
    state: &AppState,
) -> Result<(Option<String>, Option<Arrived>), ApiError> {
    require_plain(headers)?;
    require_room(headers, MAX_FILE + MAX_AROUND)?;
    let pace = Pace::new(body, state.media_limit, MAX_FILE + MAX_AROUND);
    let content_type = text_of(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type);
    let boundary =
        boundary.map_err(|_| Violations::one("", "must be multipart with a boundary"))?;
    let mut form = Multipart::new(pieces(pace), boundary);
    let (mut kind, mut arrived) = (None, None);
    while let Some(mut field) = form.next_field().await.map_err(form_fault)? {
        match field.name() {
            Some("phoneNumberId") => prove(&read_text(&mut field, "phoneNumberId").await?)?,
            Some("type") => kind = Some(read_text(&mut field, "type").await?),
            Some("file") if arrived.is_none() => arrived = Some(save_field(field).await?),
            Some("file") => return Err(Violations::one("file", "must be given only once").into()),
            _ => {}
        }
    }
    Ok((kind, arrived))
}

fn pieces(pace: Pace) -> impl futures_util::Stream<Item = Result<Bytes, ApiError>> {
    try_unfold(pace, async |mut pace| Ok(pace.chunk().await?.map(|chunk| (chunk, pace))))
}

/// What stopped the body comes back out of the parser; anything else is the form's own fault.
fn form_fault(error: multer::Error) -> ApiError {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<ApiError>() {
            Ok(cause) => *cause,
            Err(_) => ApiError::BodyBroken,
        },
        _ => Violations::one("", "is not a valid multipart form").into(),
    }
}

async fn read_text(field: &mut Field<'_>, name: &str) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(form_fault)? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_TEXT {
            return Err(Violations::one(name, format!("must be at most {MAX_TEXT} bytes")).into());
        }
    }
    String::from_utf8(text).map_err(|_| Violations::one(name, "must be valid Unicode text").into())
}

async fn save_field(mut field: Field<'_>) -> Result<Arrived, ApiError> {
    let filename = plain_filename(field.file_name().unwrap_or_default());
    let content_type = field.content_type().map(ToString::to_string);
    let mut spool = Spool::open().await?;
    while let Some(chunk) = field.chunk().await.map_err(form_fault)? {
        spool.write(&chunk).await?;
    }
    spool.arrived(filename, content_type).await
}

async fn save_bare(
    mut pace: Pace,
    filename: String,
    content_type: &str,
) -> Result<Arrived, ApiError> {
    let mut spool = Spool::open().await?;
    while let Some(chunk) = pace.chunk().await? {
        spool.write(&chunk).await?;
    }
    let content_type = Some(content_type.to_owned()).filter(|text| !text.is_empty());
    spool.arrived(filename, content_type).await
}

/// A nameless file on disk: it is gone when it is closed, even by a crash.
struct Spool {
    file: BufWriter<File>,
    length: u64,
}

impl Spool {
    async fn open() -> Result<Self, ApiError> {
        let file = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = file.ok().and_then(Result::ok).ok_or(NO_DISK)?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER, File::from_std(file)), length: 0 })
    }

    async fn write(&mut self, chunk: &Bytes) -> Result<(), ApiError> {
        self.length += chunk.len() as u64;
        if self.length > MAX_FILE {
            return Err(ApiError::BodyTooLarge(MAX_FILE));
        }
        self.file.write_all(chunk).await.map_err(|_| NO_DISK)
    }

    async fn arrived(
        mut self,
        filename: String,
        content_type: Option<String>,
    ) -> Result<Arrived, ApiError> {
        self.file.flush().await.map_err(|_| NO_DISK)?;
        let file = self.file.into_inner().into_std().await;
        Ok(Arrived { file, length: self.length, filename, content_type })
    }
}

const NO_DISK: ApiError = ApiError::Internal("the temporary directory takes no file");

/// The last part of what may be a whole path, without what could end a header early.
fn plain_filename(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control() && *c != '"').take(200).collect();
    if plain.trim().is_empty() { "file".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::plain_filename;

    #[test]
    fn a_file_name_is_one_plain_name() {
        assert_eq!(plain_filename("C:\\Users\\me\\pic.jpg"), "pic.jpg");
        assert_eq!(plain_filename("/etc/passwd"), "passwd");
        assert_eq!(plain_filename("a\r\nb\".png"), "ab.png");
        assert_eq!(plain_filename(""), "file");
    }
}
