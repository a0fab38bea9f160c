//! What an earlier layer left in the request.

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;

use super::ApiError;

/// Takes what a layer put into the request. If the layer is missing the answer is 500, never 200.
#[derive(Clone, Copy, Debug)]
pub struct Carried<T>(pub T);

impl<T: Clone + Send + Sync + 'static> Carried<T> {
    /// # Errors
    /// When it is not there.
    pub fn of(extensions: &Extensions) -> Result<Self, ApiError> {
        let carried = extensions.get::<T>().cloned();
        carried.map(Self).ok_or(ApiError::Internal("a layer is missing or out of place"))
    }
}

impl<T, S> FromRequestParts<S> for Carried<T>
where
    T: Clone + Send + Sync + 'static,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.extensions)
    }
}
