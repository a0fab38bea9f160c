//! How the gateway speaks to its callers: bodies in, one envelope out, one error.

mod body;
mod carried;
mod envelope;
mod error;
mod idempotency_key;
mod path;
mod query;
mod rate_limits;
mod record;
mod style;

pub use body::{JsonBody, Pace};
pub(crate) use body::{declared_length, require_plain};
pub use carried::Carried;
pub use envelope::{Reply, data_of, enveloped, json_response};
pub use error::{ApiError, Worded, word};
pub use idempotency_key::IdempotencyKey;
pub use path::{GraphIdPath, NodePath, TextPath};
pub use query::Query;
pub use rate_limits::tell_rate_limits;
pub use record::RequestRecord;
pub use style::Style;
