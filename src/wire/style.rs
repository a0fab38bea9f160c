//! In whose words a caller is answered: AvenPing's, or Meta's own.

use axum::response::Response;
use http::HeaderMap;
use http::header::{HeaderName, RETRY_AFTER};

use super::envelope::{enveloped, json_response};
use crate::config::UpstreamStatus;
use crate::graph::GraphReply;

/// What Graph tells of the limits that a caller is near to.
const RATE_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-business-use-case-usage"),
    HeaderName::from_static("x-app-usage"),
    RETRY_AFTER,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The envelope of the API v2; and which status a failure of Graph's gets in it.
    AvenPing(UpstreamStatus),
    /// What Graph said, as it said it.
    Meta,
}

impl Style {
    /// A yes, for the caller: `answer` is JSON as Graph writes it.
    #[must_use]
    pub fn body(self, answer: &[u8]) -> Vec<u8> {
        match self {
            Self::AvenPing(_) => enveloped(answer),
            Self::Meta => answer.to_vec(),
        }
    }

    /// A yes of Graph's, passed on.
    #[must_use]
    pub fn pass(self, reply: &GraphReply) -> Response {
        let mut response = json_response(self.body(&reply.body));
        self.pass_headers(reply, response.headers_mut());
        response
    }

    pub(super) fn pass_headers(self, reply: &GraphReply, headers: &mut HeaderMap) {
        if self != Self::Meta {
            return;
        }
        for name in RATE_HEADERS {
            if let Some(value) = reply.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
    }
}
