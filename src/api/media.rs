//! Media: uploaded, downloaded, looked up, deleted. Every file streams through.

mod content_type;
mod download;
mod lookup;
mod upload;

pub use download::stream_media;
pub use lookup::find_media;
pub use upload::upload_form;

use axum::routing::{delete, get, post};

use crate::openapi::{Answer, Parameter, ParameterKind, Route};

/// The largest file that Meta takes of any kind: 100 MB.
const MAX_FILE: u64 = 100 * 1024 * 1024;

const ID: Parameter =
    Parameter::path("mediaId", ParameterKind::Id, "A media of one of your numbers");

const UPLOAD: &[Parameter] = &[
    Parameter::header("X-Phone-Number-Id", "For a bare body: the number that will send it"),
    Parameter::header("X-Filename", "For a bare body: the name of the file"),
    Parameter::header(
        "X-Upload-Type",
        "For a bare body: its type, if Content-Type does not say it",
    ),
];

pub(super) fn routes() -> Vec<Route> {
    let upload = |path| {
        Route::post(path, post(upload::upload), Answer::Uploaded)
            .about("Media", "Upload a file of at most 100 MB")
            .takes_file()
            .with(UPLOAD)
    };
    vec![
        upload("/v2/media/upload"),
        upload("/v2/media"),
        Route::get("/v2/media/{mediaId}/download", get(download::download), Answer::Bytes)
            .about("Media", "Download the bytes of a media")
            .with(
                const {
                    &[
                        ID,
                        Parameter::query(
                            "disposition",
                            ParameterKind::OneOf(&["inline", "attachment"]),
                            "How a browser shows it; inline if left out",
                        ),
                    ]
                },
            ),
        Route::get(
            "/v2/media/{mediaId}",
            get(lookup::show),
            Answer::Graph("What Graph knows of it"),
        )
        .about("Media", "Look a media up")
        .with(const { &[ID] }),
        Route::delete(
            "/v2/media/{mediaId}",
            delete(lookup::remove),
            Answer::Graph("Graph's answer"),
        )
        .about("Media", "Delete a media")
        .with(const { &[ID] }),
    ]
}
