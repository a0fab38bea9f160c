//! Meta's own shape, `/{version}/…`, and Interakt's, `/api/{version}/…`: the same calls under the
//! rules of this gateway. A program written for Meta's Cloud API changes its base URL and its token.
//!
//! Every object in a path is proven to be the caller's before Graph is asked. Bodies go up as they
//! came, answers come back as they are; links in them lead here.

mod links;
mod lists;
mod media;
mod message;
mod messages;
mod nodes;
mod passing;
mod profile;
mod templates;

use axum::routing::{MethodRouter, delete, get, post};

use crate::access::Guard;
use crate::graph::Edge;
use crate::model::GraphVersion;
use crate::openapi::{Answer, Route};
use crate::state::AppState;

/// What stands before the version in Interakt's shape.
const INTERAKT: &str = "/api";

/// Whether a path is in Meta's shape or in Interakt's, be its version a good one or not. AvenPing's
/// own versions have no point in them.
#[must_use]
pub fn has(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    let number = first.strip_prefix('v').and_then(|rest| rest.split('.').next());
    let looks_like_version = first.contains('.')
        && number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    first == "api" || looks_like_version
}

/// The version that a path names; none, if it names nothing behind it.
#[must_use]
pub fn version(path: &str) -> Option<GraphVersion> {
    let path = path.strip_prefix(INTERAKT).filter(|rest| rest.starts_with('/')).unwrap_or(path);
    let mut segments = path.split('/').skip(1);
    let version = GraphVersion::parse(segments.next()?)?;
    segments.next().map(|_| version)
}

/// All routes of this room. They are Meta's, so Meta's own documents describe them.
#[must_use]
pub fn routes() -> Vec<Route> {
    let node = ["/{version}/{node}", "/api/{version}/{node}"];
    let messages = ["/{version}/{node}/messages", "/api/{version}/{node}/messages"];
    let upload = ["/{version}/{node}/media", "/api/{version}/{node}/media"];
    let bytes = ["/{version}/{node}/bytes", "/api/{version}/{node}/bytes"];
    let templates =
        ["/{version}/{node}/message_templates", "/api/{version}/{node}/message_templates"];
    let flows = ["/{version}/{node}/flows", "/api/{version}/{node}/flows"];
    let numbers = ["/{version}/{node}/phone_numbers", "/api/{version}/{node}/phone_numbers"];
    let profile = [
        "/{version}/{node}/whatsapp_business_profile",
        "/api/{version}/{node}/whatsapp_business_profile",
    ];
    let list =
        |edge| get(move |account, record, state, at| lists::list(edge, account, record, state, at));
    let routes = [
        pair(Route::post, messages, &post(messages::send), Guard::NumberInPath),
        pair(Route::post, upload, &post(media::upload), Guard::NumberInPath),
        pair(Route::get, bytes, &get(media::bytes), Guard::Node),
        pair(Route::get, templates, &list(Edge::Templates), Guard::AccountInPath),
        pair(Route::post, templates, &post(templates::create), Guard::AccountInPath),
        pair(Route::delete, templates, &delete(templates::remove), Guard::AccountInPath),
        pair(Route::get, flows, &list(Edge::Flows), Guard::AccountInPath),
        pair(Route::get, numbers, &list(Edge::PhoneNumbers), Guard::AccountInPath),
        pair(Route::get, profile, &get(profile::show), Guard::NumberInPath),
        pair(Route::post, profile, &post(profile::change), Guard::NumberInPath),
        pair(Route::get, node, &get(nodes::show), Guard::Node),
        pair(Route::delete, node, &delete(nodes::remove), Guard::Node),
    ];
    routes.into_iter().flatten().collect()
}

/// The same call in both shapes.
fn pair(
    route: fn(&'static str, MethodRouter<AppState>, Answer) -> Route,
    paths: [&'static str; 2],
    handler: &MethodRouter<AppState>,
    guard: Guard,
) -> [Route; 2] {
    paths.map(|path| route(path, handler.clone(), Answer::Graph("Graph's answer")).guarded(guard))
}

#[cfg(test)]
mod tests {
    use super::{has, version};

    #[test]
    fn avenpings_paths_are_not_metas() {
        for path in [
            "/",
            "/v2",
            "/v2/messages/send",
            "/v1/me",
            "/docs",
            "/metrics",
            "/webhooks/meta",
            "/video/1",
        ] {
            assert!(!has(path), "{path}");
        }
        for path in ["/v23.0/1/messages", "/v2.0/1", "/v23.x/1", "/api/v17.0/1", "/api"] {
            assert!(has(path), "{path}");
        }
    }

    #[test]
    fn the_version_is_found_in_both_shapes() {
        assert_eq!(version("/v23.0/1/messages").unwrap().to_string(), "v23.0");
        assert_eq!(version("/api/v17.0/1").unwrap().to_string(), "v17.0");
        for path in ["/v23/1", "/api/v17/1", "/apiv17.0/1", "/", "/1/v23.0", "/api/v17.0"] {
            assert!(version(path).is_none(), "{path}");
        }
    }
}
