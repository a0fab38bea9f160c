//! Puts routes and layers together.

mod chores;
mod doors;
mod gateway;
mod heartbeat;
mod outer;

use std::collections::BTreeMap;
use std::mem::take;

use axum::Router;
use axum::handler::Handler as _;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;

pub use gateway::{Gateway, GatewaySettings, StartError};

use crate::access::guard;
use crate::openapi::Route;
use crate::state::AppState;
use crate::wire::ApiError;
use crate::{api, inbound, messages};
use outer::Entry;

/// Every route of the gateway, with its description.
#[must_use]
pub fn routes() -> Vec<Route> {
    [messages::routes(), api::routes(), inbound::routes()].into_iter().flatten().collect()
}

/// The service that has these routes.
pub fn router(routes: Vec<Route>, state: AppState) -> Router {
    let mut paths = BTreeMap::<_, MethodRouter<AppState>>::new();
    for route in routes {
        let methods = paths.entry(route.path).or_default();
        *methods = take(methods).merge(guard(route.handler, route.guard, &state));
    }
    // One layer for each path: what counts its requests is at hand when one comes.
    let outer = |path| from_fn_with_state(Entry::new(path, &state), outer::outer);
    let nowhere = || async { ApiError::ROUTE_NOT_FOUND };
    let router = paths.into_iter().fold(Router::new(), |router, (path, methods)| {
        let methods = methods.fallback(|| async { ApiError::MethodNotAllowed });
        router.route(path, methods.layer(outer(path)))
    });
    router.fallback(nowhere.layer(outer(outer::NO_ROUTE))).with_state(state)
}
