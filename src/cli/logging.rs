//! Sets up the log: on standard error, written by a thread of its own.

mod fields;
mod lines;

use std::fmt;
use std::io::IsTerminal as _;
use std::time::{SystemTime, UNIX_EPOCH};

use humantime::format_rfc3339_micros;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use fields::Fields;
pub(super) use lines::Writing;

use crate::config::{LogFormat, LoggingSettings};

/// Writes what the library's own would, for 2,000 instructions less: that one prints each of the
/// seven numbers by itself.
struct Time;

impl FormatTime for Time {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        // It can print no time before that.
        let now = SystemTime::now().max(UNIX_EPOCH);
        write!(writer, "{}", format_rfc3339_micros(now))
    }
}

/// Starts logging. What is still unwritten is written when the guard is dropped.
pub(super) fn start(settings: &LoggingSettings) -> Writing {
    let (lines, writing) = lines::to(std::io::stderr());
    // The setting was parsed once already; it cannot fail here.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(Time)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(lines);
    let started = match settings.format {
        LogFormat::Text => lines.compact().fmt_fields(Fields).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).try_init(),
    };
    debug_assert!(started.is_ok(), "logging starts once");
    // As a line of the log like any other: whoever reads lines of JSON finds nothing else.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, cause = panic.payload_as_str(), "a panic");
    }));
    writing
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::fmt::format::Writer;
    use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

    use super::Time;

    /// The second, and what is behind it.
    fn written(by: impl FormatTime) -> (String, String) {
        let mut text = String::new();
        by.format_time(&mut Writer::new(&mut text)).unwrap();
        let (second, rest) = text.split_once('.').unwrap();
        (second.to_owned(), rest.replace(|letter: char| letter.is_ascii_digit(), "0"))
    }

    #[test]
    fn a_time_is_what_the_library_would_have_written() {
        let within_a_second = || loop {
            let told = [written(Time), written(SystemTime), written(Time)];
            if told[0].0 == told[2].0 {
                return told;
            }
        };
        let [ours, theirs, _] = within_a_second();
        assert_eq!(ours, theirs);
        assert_eq!(ours.1, "000000Z");
    }
}
