//! `POST /{version}/{phone-number-id}/media`: from the wire to a file, piece by piece.

use std::io;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use multer::{Field as Part, Multipart};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;

use crate::sandbox::answer::ok;
use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::world::World;

use super::kind::{Kind, LARGEST, TYPES};
use super::shelf::{Medium, new_id};

/// No parameter beside the file is longer.
const LONGEST_TEXT: usize = 1024;

/// The file as it arrived, not judged yet.
struct Received {
    mime_type: String,
    file_size: u64,
    sha256: String,
    bytes: TempPath,
}

pub(crate) async fn upload(
    State(world): State<Arc<World>>,
    Path((_, node)): Path<(String, String)>,
    request: Request,
) -> Judged<Response> {
    let number = world.phone_number("post", &node)?;
    let mut parts = parts_of(request)?;
    let (mut product, mut kind, mut file) = (None, None, None);
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        match part.name().unwrap_or_default() {
            "messaging_product" => product = Some(text(part).await?),
            "type" => kind = Some(text(part).await?),
            "file" => file = Some(receive(part, &world).await?),
            other => return Err(GraphError::unexpected_key("", other)),
        }
    }
    judge_product(product.as_deref())?;
    let file = file.ok_or_else(|| GraphError::missing("file"))?;
    judge_type("type", kind.as_deref().unwrap_or(&file.mime_type))?;
    judge_file(&file)?;
    let medium = Medium {
        id: new_id(),
        phone_number_id: number.id.to_string(),
        mime_type: file.mime_type,
        sha256: file.sha256,
        file_size: file.file_size,
        uploaded_at: world.clock.now().as_millis(),
    };
    let answer = json!({ "id": medium.id });
    world.media.keep(medium, file.bytes).await.map_err(|error| disk(&error))?;
    Ok(ok(&answer))
}

fn parts_of(request: Request) -> Judged<Multipart<'static>> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default())
        .map_err(|_| GraphError::invalid_request("The body must be multipart/form-data."))?;
    Ok(Multipart::new(request.into_body().into_data_stream(), boundary))
}

/// What goes beyond any limit is counted, but not written: the answer is to be read.
async fn receive(mut part: Part<'_>, world: &World) -> Judged<Received> {
    let mime_type = match part.content_type() {
        Some(declared) => declared.to_string(),
        None => "application/octet-stream".to_owned(),
    };
    let (mut out, bytes) = world.media.begin().map_err(|error| disk(&error))?;
    let mut digest = Sha256::new();
    let mut file_size = 0_u64;
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        file_size = file_size.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if file_size <= LARGEST {
            digest.update(&piece);
            out.write_all(&piece).await.map_err(|error| disk(&error))?;
        }
    }
    out.flush().await.map_err(|error| disk(&error))?;
    Ok(Received { mime_type, file_size, sha256: hex::encode(digest.finalize()), bytes })
}

async fn text(mut part: Part<'_>) -> Judged<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LONGEST_TEXT {
            return Err(GraphError::invalid_request("A parameter is too long."));
        }
    }
    String::from_utf8(bytes).map_err(|_| GraphError::invalid_request("A parameter is not UTF-8."))
}

fn judge_product(product: Option<&str>) -> Judged {
    match product {
        Some("whatsapp") => Ok(()),
        Some(_) => Err(GraphError::invalid("messaging_product", "must be whatsapp")),
        None => Err(GraphError::missing("messaging_product")),
    }
}

/// 100 with the list of all types there are, as Meta answers.
fn judge_type(param: &str, mime_type: &str) -> Judged<Kind> {
    Kind::of(mime_type).ok_or_else(|| {
        let types: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        let details = format!(
            "Param {param} must be a file with one of the following types: {}. Received file of \
             type '{mime_type}'.",
            types.join(", ")
        );
        GraphError::worded(codes::INVALID_PARAMETER, details)
    })
}

fn judge_file(file: &Received) -> Judged {
    let kind = judge_type("file", &file.mime_type)?;
    let (size, largest) = (file.file_size, kind.largest());
    if size == 0 {
        return Err(GraphError::invalid("file", "must not be empty"));
    }
    if size > largest {
        let details = format!(
            "file is {size} bytes; a file of type {} must be at most {largest} bytes.",
            file.mime_type
        );
        return Err(GraphError::new(codes::MEDIA_UPLOAD, details));
    }
    Ok(())
}

fn broken(error: &multer::Error) -> GraphError {
    GraphError::invalid_request(format!("The body is not valid multipart: {error}."))
}

fn disk(error: &io::Error) -> GraphError {
    tracing::error!(%error, "the sandbox cannot keep a media");
    GraphError::new(codes::MEDIA_UPLOAD, "The sandbox cannot write to its media directory.")
}
