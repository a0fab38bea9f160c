//! Meta's webhooks to us. A post is verified over its raw bytes, read, and stored together with
//! all that follows from it; only then does Meta get its 200.

mod arrivals;
mod envelope;
mod receive;
mod signature;

pub use receive::routes;
