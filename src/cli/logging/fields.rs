//! The fields of a line, as the library writes them, for less: its own way makes a formatter for
//! each letter of a text, 8,000 instructions for the line of a request.

use std::error::Error;
use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitFmt as _, VisitOutput as _};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, DefaultVisitor, Writer};

/// Writes just what [`DefaultFields`] writes.
#[derive(Debug)]
pub(super) struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        if writer.has_ansi_escapes() {
            return DefaultFields::new().format_fields(writer, fields);
        }
        let library = DefaultVisitor::new(writer, true);
        let mut visitor = Visitor { library, has_begun: false, written: Ok(()) };
        fields.record(&mut visitor);
        visitor.library.finish().and(visitor.written)
    }
}

/// Writes by itself what needs no escaping, behind the first field; the rest is the library's.
struct Visitor<'writer> {
    library: DefaultVisitor<'writer>,
    has_begun: bool,
    written: fmt::Result,
}

impl<'writer> Visitor<'writer> {
    /// The library's, for a field that it is to write.
    fn library(&mut self) -> &mut DefaultVisitor<'writer> {
        self.has_begun = true;
        &mut self.library
    }

    fn is_ours(&self, field: &Field) -> bool {
        let name = field.name();
        let is_special = name == "message" || name.starts_with("log.") || name.starts_with("r#");
        self.has_begun && self.written.is_ok() && !is_special
    }

    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let writer = self.library.writer();
        self.written = [" ", field.name(), "="]
            .into_iter()
            .try_for_each(|part| writer.write_str(part))
            .and_then(|()| writer.write_fmt(value));
    }

    fn put_text(&mut self, field: &Field, text: &str) {
        let writer = self.library.writer();
        self.written = [" ", field.name(), "=\"", text, "\""]
            .into_iter()
            .try_for_each(|part| writer.write_str(part));
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.is_ours(field) && is_plain(value) {
            self.put_text(field, value);
        } else {
            self.library().record_str(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if self.is_ours(field) {
            self.put(field, format_args!("{value}"));
        } else {
            self.library().record_u64(field, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.library().record_error(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.library().record_debug(field, value);
    }
}

/// Whether it stands for itself between quotation marks. Looks at all of it, which the compiler does
/// for many letters at a time.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| {
        plain & matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{self, Read as _, Seek as _};

    use tracing::Subscriber;

    use super::Fields;

    /// Lines with fields of all kinds, as they come out.
    fn lines(of: impl FnOnce(File) -> Box<dyn Subscriber + Send + Sync>) -> String {
        let mut out = tempfile::tempfile().unwrap();
        tracing::subscriber::with_default(of(out.try_clone().unwrap()), || {
            let odd = ["", "plain", "two words", "a \"quote\"", "back\\slash", "line\nbreak"];
            for text in odd.into_iter().chain(["\u{1b}[31m", "\u{7f}", "\u{e4}\u{200b}", "'", "~"])
            {
                tracing::info!(text, number = u64::MAX, "{text}");
                tracing::warn!(number = 0_u64, text, text);
                tracing::error!(text, below = -1, yes = true, part = 0.5, ?text, shown = %text);
                let error: &(dyn std::error::Error + 'static) = &io::Error::other(text);
                tracing::error!(error, text, r#type = text, status = 404_u16, "said");
                let absent: Option<&str> = None;
                tracing::info!(absent, there = Some(text), "perhaps");
                tracing::info_span!("span", text, number = 1_u64).in_scope(|| tracing::info!("in"));
            }
        });
        out.rewind().unwrap();
        let mut lines = String::new();
        out.read_to_string(&mut lines).unwrap();
        lines
    }

    #[test]
    fn a_line_is_what_the_library_would_have_written() {
        for ansi in [false, true] {
            let common = |out| {
                tracing_subscriber::fmt().with_ansi(ansi).without_time().with_writer(out).compact()
            };
            let ours = lines(|out| Box::new(common(out).fmt_fields(Fields).finish()));
            let theirs = lines(|out| Box::new(common(out).finish()));
            assert!(ours.lines().count() > 60);
            assert_eq!(ours, theirs);
        }
    }
}
