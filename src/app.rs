//! Puts routes and layers together.

mod chores;
mod gateway;
mod heartbeat;
mod outer;

use axum::Router;
use axum::middleware::from_fn_with_state;

pub use gateway::{Gateway, GatewaySettings, StartError};

use crate::access::guard;
use crate::openapi::Route;
use crate::state::AppState;
use crate::wire::ApiError;
use crate::{api, inbound, messages};

/// Every route of the gateway, with its description.
#[must_use]
pub fn routes() -> Vec<Route> {
    [messages::routes(), api::routes(), inbound::routes()].into_iter().flatten().collect()
}

/// The whole service.
pub fn router(state: AppState) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, route| {
        router.route(route.path, guard(route.handler, route.guard, &state))
    });
    router
        .fallback(|| async { ApiError::ROUTE_NOT_FOUND })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(from_fn_with_state(state.clone(), outer::outer))
        .with_state(state)
}
