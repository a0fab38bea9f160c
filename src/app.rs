//! Puts routes and layers together.

mod chores;
mod doors;
mod gateway;
mod heartbeat;
mod outer;

use std::collections::BTreeMap;
use std::mem::take;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler as _;
use axum::routing::MethodRouter;
use tower::ServiceExt as _;

pub use gateway::{Gateway, GatewaySettings, StartError};

use crate::access::guard;
use crate::openapi::Route;
use crate::state::AppState;
use crate::wire::ApiError;
use crate::{api, inbound, messages, meta_shape};
use outer::{Entry, Speaks};

/// Every route of the gateway, with its description.
#[must_use]
pub fn routes() -> Vec<Route> {
    [messages::routes(), api::routes(), inbound::routes()].into_iter().flatten().collect()
}

/// The service that has these routes; and, of those, which are in Meta's shape.
pub fn router(routes: Vec<Route>, metas: Vec<Route>, state: &AppState) -> Router {
    let foreign = speaking(Speaks::Meta, metas, state);
    let nowhere = speaking(Speaks::Meta, Vec::new(), state);
    let elsewhere = speaking(Speaks::AvenPing, Vec::new(), state);
    speaking(Speaks::AvenPing, routes, state).fallback(async move |request: Request| {
        let path = request.uri().path();
        let router = match (meta_shape::has(path), meta_shape::version(path)) {
            (false, _) => elsewhere,
            (true, Some(_)) => foreign,
            (true, None) => nowhere,
        };
        router.oneshot(request).await
    })
}

/// The routes of one language; what is not among them is answered in it, too.
fn speaking(speaks: Speaks, routes: Vec<Route>, state: &AppState) -> Router {
    let mut paths = BTreeMap::<_, MethodRouter<AppState>>::new();
    for route in routes {
        let methods = paths.entry(route.path).or_default();
        *methods = take(methods).merge(guard(route.handler, route.guard, state));
    }
    // One layer for each path: what counts its requests is at hand when one comes.
    let outer = |path| Entry::new(path, speaks, state);
    let nowhere = || async { ApiError::RouteNotFound };
    let router = paths.into_iter().fold(Router::new(), |router, (path, methods)| {
        let methods = methods.fallback(|| async { ApiError::MethodNotAllowed });
        router.route(path, methods.layer(outer(path)))
    });
    router.fallback(nowhere.layer(outer(outer::NO_ROUTE))).with_state(state.clone())
}
