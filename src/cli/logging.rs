//! Sets up the log: on standard error, written by a thread of its own.

use std::io::IsTerminal as _;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LoggingSettings};

/// A request never waits for the log. When the log falls this many lines behind, lines are lost.
const LINES_BEHIND: usize = 65_536;

/// Starts logging. What is still unwritten is written when the guard is dropped.
pub(super) fn start(settings: &LoggingSettings) -> WorkerGuard {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_BEHIND)
        .lossy(true)
        .finish(std::io::stderr());
    // The setting was parsed once already; it cannot fail here.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(writer);
    let started = match settings.format {
        LogFormat::Text => lines.compact().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    };
    debug_assert!(started.is_ok(), "logging starts once");
    // As a line of the log like any other: whoever reads lines of JSON finds nothing else.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, cause = panic.payload_as_str(), "a panic");
    }));
    guard
}
