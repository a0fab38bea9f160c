//! How far long work has come: a bar on standard error, and nothing where nobody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `length` of `things`. It draws only on a terminal.
pub(super) fn bar(length: u64, things: &str) -> ProgressBar {
    let template = format!("{{bar:32}} {{pos}} of {{len}} {things}, {{eta}} to go");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
