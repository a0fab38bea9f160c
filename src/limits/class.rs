//! What a request takes up, by its route.

use crate::metrics::Shed;

/// Requests of one class take places from each other, and from no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Always served: it tells whether all is well, above all when it is not.
    Vital,
    /// From Meta, who sends again whatever is turned away.
    Inbound,
    /// A file on its way, for as long as that takes.
    Media,
    /// Everything else.
    Call,
}

impl Class {
    /// The class of a path as the router writes it.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path {
            "/v2/health" | "/v2/version" | "/v2/ready" | "/metrics" => Self::Vital,
            "/webhooks/meta" => Self::Inbound,
            "/v2/media"
            | "/v2/media/upload"
            | "/v2/media/{mediaId}/download"
            | "/{version}/{node}/media"
            | "/{version}/{node}/bytes"
            | "/api/{version}/{node}/media"
            | "/api/{version}/{node}/bytes" => Self::Media,
            _ => Self::Call,
        }
    }

    /// As what a request is counted that is turned away; what is vital never is.
    #[must_use]
    pub const fn when_shed(self) -> Option<Shed> {
        match self {
            Self::Vital => None,
            Self::Inbound => Some(Shed::Inbound),
            Self::Media => Some(Shed::Media),
            Self::Call => Some(Shed::Call),
        }
    }
}
