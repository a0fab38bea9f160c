//! The line of a request as JSON, as the library writes it, for less: its own way gives each quotation
//! mark through a serializer and two writers, 21,900 instructions for the line of a request in place of
//! 6,200.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Time;
use super::fields::is_plain;
use crate::wire::REQUESTS;

/// Writes just what the library writes, which is the whole of any other line.
pub(super) struct JsonLines(Format<Json, Time>);

impl JsonLines {
    pub(super) fn new() -> Self {
        let library = Format::default().json().flatten_event(true).with_current_span(false);
        Self(library.with_timer(Time))
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let what = event.metadata();
        let is_ours = what.target() == REQUESTS && event.is_contextual();
        if !is_ours || context.lookup_current().is_some() {
            return self.0.format_event(context, writer, event);
        }
        writer.write_str(r#"{"timestamp":""#)?;
        Time.format_time(&mut writer)?;
        for part in [r#"","level":""#, what.level().as_str(), "\""] {
            writer.write_str(part)?;
        }
        let mut members = Members { writer, written: Ok(()) };
        event.record(&mut members);
        let Members { mut writer, written } = members;
        written?;
        for part in [r#","target":""#, REQUESTS, "\"}\n"] {
            writer.write_str(part)?;
        }
        Ok(())
    }
}

/// The members of a line, behind others.
struct Members<'writer> {
    writer: Writer<'writer>,
    written: fmt::Result,
}

impl Members<'_> {
    fn put(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.written.is_ok() {
            let name = [",\"", field.name(), "\":"];
            let named = name.into_iter().try_for_each(|part| self.writer.write_str(part));
            self.written = named.and_then(|()| value(&mut self.writer));
        }
    }
}

impl Visit for Members<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, |writer| {
            if !is_plain(value) {
                return writer.write_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?);
            }
            ["\"", value, "\""].into_iter().try_for_each(|part| writer.write_str(part))
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |writer| write!(writer, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |writer| write!(writer, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, |writer| {
            writer.write_str(&serde_json::to_string(&value).map_err(|_| fmt::Error)?)
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _, Seek as _};

    use tracing_subscriber::fmt::FormatEvent;
    use tracing_subscriber::fmt::format::{Format, JsonFields};
    use tracing_subscriber::registry::Registry;

    use super::{JsonLines, Time};
    use crate::wire::REQUESTS;

    /// Lines with fields of all kinds, less the time of each.
    fn lines(
        format: impl FormatEvent<Registry, JsonFields> + Send + Sync + 'static,
    ) -> Vec<String> {
        let mut out = tempfile::tempfile().unwrap();
        let writer = out.try_clone().unwrap();
        let subscriber = tracing_subscriber::fmt().with_writer(writer);
        let subscriber = subscriber.fmt_fields(JsonFields::new()).event_format(format).finish();
        tracing::subscriber::with_default(subscriber, || {
            let odd = ["", "plain", "two words", "a \"quote\"", "back\\slash", "line\nbreak"];
            for text in odd.into_iter().chain(["\u{1b}[31m", "\u{7f}", "\u{e4}\u{200b}", "'", "~"])
            {
                tracing::info!(target: REQUESTS, text, number = u64::MAX, shown = %text, "request");
                tracing::warn!(target: REQUESTS, below = -1, yes = true, part = 0.5, ?text, "{text}");
                tracing::error!(target: REQUESTS, odd = f64::NAN, wide = u128::MAX, r#type = text);
                let error: &(dyn std::error::Error + 'static) = &io::Error::other(text);
                tracing::error!(target: REQUESTS, error, status = 404_u16, "said");
                let absent: Option<&str> = None;
                tracing::info!(target: REQUESTS, absent, there = Some(text), "perhaps");
                tracing::info!(text, "another");
                let span = tracing::info_span!("span", text);
                tracing::info!(target: REQUESTS, parent: &span, "of it");
                span.in_scope(|| tracing::info!(target: REQUESTS, text, "in it"));
            }
        });
        out.rewind().unwrap();
        let mut lines = String::new();
        out.read_to_string(&mut lines).unwrap();
        let without_time = |line: &str| {
            let (time, rest) = line.split_once("Z\",").unwrap();
            assert_eq!(time.len(), r#"{"timestamp":"2026-11-28T21:25:14.123456"#.len());
            rest.to_owned()
        };
        lines.lines().map(without_time).collect()
    }

    #[test]
    fn a_line_is_what_the_library_would_have_written() {
        let library = Format::default().json().flatten_event(true).with_current_span(false);
        let (ours, theirs) = (lines(JsonLines::new()), lines(library.with_timer(Time)));
        assert_eq!(ours.len(), 8 * 11);
        assert_eq!(ours, theirs);
    }
}
