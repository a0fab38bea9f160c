//! The one token that opens the sandbox, in the `Authorization` header and nowhere else.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use secrecy::ExposeSecret;

use super::errors::{GraphError, Judged};
use super::world::World;

pub(crate) async fn require(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Judged<Response> {
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    if given != Some(world.access_token.expose_secret()) {
        return Err(GraphError::wrong_token());
    }
    Ok(next.run(request).await)
}
