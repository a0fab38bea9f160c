//! Path parameters: hostile until proven to be what they claim.

use axum::extract::{FromRequestParts, Path, RawPathParams};
use http::request::Parts;

use super::ApiError;
use crate::model::GraphId;

/// The one parameter of the path as an id of Meta's; `None` for anything else, which the handler
/// answers like an id that does not exist.
#[derive(Clone, Debug)]
pub struct GraphIdPath(pub Option<GraphId>);

/// The one parameter of the path as text; `None` if it is no Unicode.
#[derive(Clone, Debug)]
pub struct TextPath(pub Option<String>);

/// The object that a path in Meta's shape is about: `/{version}/{node}…`; `None` if it can be none.
#[derive(Clone, Debug)]
pub struct NodePath(pub Option<GraphId>);

impl<S: Send + Sync> FromRequestParts<S> for NodePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parameters = RawPathParams::from_request_parts(parts, state).await.ok();
        let node = parameters.iter().flatten().find(|(name, _)| *name == "node");
        Ok(Self(node.and_then(|(_, text)| GraphId::parse(text))))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TextPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.ok().map(|Path(text)| text)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for GraphIdPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let TextPath(text) = TextPath::from_request_parts(parts, state).await?;
        Ok(Self(text.and_then(|text| GraphId::parse(&text))))
    }
}
