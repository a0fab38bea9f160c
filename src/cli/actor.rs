//! Who uses the command line.

use std::os::unix::fs::MetadataExt as _;

use crate::model::Actor;

/// The user that the operating system runs this as; in a container that knows no users, its number.
pub(super) fn actor() -> Actor {
    let number = || std::fs::metadata("/proc/self").map(|own| format!("uid {}", own.uid()));
    let user = whoami::username().ok().or_else(|| number().ok());
    Actor::cli(user.unwrap_or_else(|| "unknown".to_owned()))
}
