//! Which path is answered by whom.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use super::errors::{GraphError, Judged};
use super::world::World;
use super::{
    access, flows, inbound, media, messages, nodes, phone_numbers, profile, sent, templates,
};

pub(crate) fn router(world: Arc<World>) -> Router {
    let graph = Router::new()
        .route("/{version}/{node}", get(nodes::read).post(templates::edit).delete(nodes::delete))
        .route("/{version}/{node}/messages", post(messages::send))
        .route("/{version}/{node}/media", post(media::upload))
        .route(
            "/{version}/{node}/message_templates",
            get(templates::list).post(templates::create).delete(templates::remove),
        )
        .route("/{version}/{node}/flows", get(flows::list))
        .route("/{version}/{node}/phone_numbers", get(phone_numbers::list))
        .route(profile::PATH, get(profile::show).post(profile::change))
        .route_layer(middleware::from_fn(known_version));
    Router::new()
        .merge(graph)
        .route(media::DOWNLOAD_PATH, get(media::download))
        .route("/sandbox/messages", get(sent::list))
        .route("/sandbox/inbound", post(inbound::write))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unsupported_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&world), access::require))
        .layer(DefaultBodyLimit::disable())
        .with_state(world)
}

/// `v<digits>.<digits>`, whichever: the sandbox is of no version.
async fn known_version(request: Request, next: Next) -> Judged<Response> {
    let path = request.uri().path();
    let version = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let numbers = version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match numbers {
        Some((major, minor)) if digits(major) && digits(minor) => Ok(next.run(request).await),
        _ => Err(GraphError::unknown_path(path)),
    }
}

async fn unknown_path(request: Request) -> GraphError {
    GraphError::unknown_path(request.uri().path())
}

async fn unsupported_method(request: Request) -> GraphError {
    let node = request.uri().path().split('/').nth(2).unwrap_or_default();
    let method = match *request.method() {
        Method::POST => "post",
        Method::DELETE => "delete",
        Method::GET => "get",
        _ => "request",
    };
    GraphError::unknown_object(method, node)
}
