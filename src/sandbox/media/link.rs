//! The link to a media's bytes: good for five minutes, and only with the token.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio_util::io::ReaderStream;
use url::Url;

use crate::sandbox::query::Query;
use crate::sandbox::world::World;

use super::shelf::Medium;

pub(crate) const DOWNLOAD_PATH: &str = "/whatsapp_business/attachments";

const VALID: Duration = Duration::from_secs(5 * 60);

const PIECE: usize = 64 * 1024;

pub(super) fn to(medium: &Medium, world: &World) -> Url {
    let end = world.clock.now().plus(VALID).as_millis().to_string();
    let mut link = world.url.clone();
    link.set_path(DOWNLOAD_PATH);
    link.query_pairs_mut()
        .append_pair("mid", &medium.id)
        .append_pair("ext", &end)
        .append_pair("hash", &seal(world, &medium.id, &end));
    link
}

/// The bytes; 404 for anything but a link that is still good.
pub(crate) async fn download(State(world): State<Arc<World>>, query: Query) -> Response {
    let Some(medium) = named_by(&query, &world) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(file) = world.media.bytes(&medium).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let head = [(CONTENT_TYPE, medium.mime_type), (CONTENT_LENGTH, medium.file_size.to_string())];
    (head, Body::from_stream(ReaderStream::with_capacity(file, PIECE))).into_response()
}

fn named_by(query: &Query, world: &World) -> Option<Medium> {
    let (id, end) = (query.get("mid")?, query.get("ext")?);
    let is_ours = query.get("hash")? == seal(world, id, end);
    let is_good = world.clock.now().as_millis() < end.parse().ok()?;
    if is_ours && is_good { world.media.find(id) } else { None }
}

/// Nobody makes a link but the sandbox. What it guards is test data.
fn seal(world: &World, id: &str, end: &str) -> String {
    let mut digest = Sha256::new();
    for part in [world.access_token.expose_secret(), id, end] {
        digest.update(part);
        digest.update([0]);
    }
    hex::encode(digest.finalize())
}
