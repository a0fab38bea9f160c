//! What the sandbox promises: it judges as Meta does, and fails on demand.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod access;
mod envelope;
mod faults;
mod harness;
mod interactive;
mod kinds;
mod lists;
mod media;
mod nodes;
mod templates;
