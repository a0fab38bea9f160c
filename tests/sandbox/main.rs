//! What the sandbox promises: it judges as Meta does, and fails on demand.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "payloads are written where they are passed")]

mod access;
mod envelope;
mod faults;
mod harness;
mod inbound;
mod interactive;
mod kinds;
mod lists;
mod media;
mod nodes;
mod profile;
mod receiver;
mod statuses;
mod template_changes;
mod templates;
