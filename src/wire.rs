//! How the gateway speaks to its callers: bodies in, one envelope out, one error.

mod body;
mod carried;
mod envelope;
mod error;
mod path;
mod query;
mod record;

pub use body::{JsonBody, Pace};
pub(crate) use body::{declared_length, require_plain};
pub use carried::Carried;
pub use envelope::{Reply, data_of};
pub use error::{ApiError, render};
pub use path::{GraphIdPath, TextPath};
pub use query::Query;
pub use record::RequestRecord;
