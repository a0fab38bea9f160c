//! Every resource but messages: one file each, with its routes beside its handlers.

mod account;
mod docs;
mod forms;
mod media;
mod metrics;
mod paging;
mod public;
mod records;
mod templates;
mod webhooks;

pub use account::Me;
pub use forms::{keep_flows, require_own_flow};
pub use media::{find_media, stream_media, upload_form};

use crate::openapi::Route;

/// The path that a listener of its own may have to itself.
pub const METRICS: &str = "/metrics";

/// All routes of this room.
#[must_use]
pub fn routes() -> Vec<Route> {
    let rooms = [
        public::routes(),
        metrics::routes(),
        docs::routes(),
        account::routes(),
        records::routes(),
        templates::routes(),
        forms::routes(),
        media::routes(),
        webhooks::routes(),
    ];
    rooms.into_iter().flatten().collect()
}
