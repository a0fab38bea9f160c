//! All that the program prints. A reader who has gone away, as `head` does, is no failure.

use std::fmt::Display;
use std::io::{self, ErrorKind};

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// What fits a terminal that nobody has widened.
pub(super) const WIDTH: u16 = 80;

/// A line of the answer.
pub(super) fn line(text: impl Display) -> anyhow::Result<()> {
    match write(&mut io::stdout().lock(), text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// The answer for a script: one object or array, on a line.
pub(super) fn json(answer: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string(answer)?)
}

/// What is shown this once: here a reader who has gone away is a failure too.
pub(super) fn once(text: impl Display) -> io::Result<()> {
    write(&mut io::stdout().lock(), text)
}

/// A line on standard error. Where that cannot be written to, nobody is left to be told.
pub(super) fn complain(text: impl Display) {
    write(&mut io::stderr().lock(), text).unwrap_or_default();
}

/// A table without lines, so that other programs can read it too. Each column is as wide as its
/// widest cell, unless they do not fit side by side.
pub(super) fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_width(WIDTH);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Fills a row's cells with their texts, whose control characters no terminal is to obey.
pub(super) fn cells<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(visible)
}

/// The lines of a table, flush on both sides.
pub(super) fn print_table(table: &Table) -> anyhow::Result<()> {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    // The style puts a space in front of every line.
    let lines = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
    line(lines.collect::<Vec<_>>().join("\n"))
}

pub(super) fn visible(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn write(to: &mut impl io::Write, text: impl Display) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        assert_eq!(visible("Ada\u{1b}[31m\n"), "Ada\u{fffd}[31m\u{fffd}");
        assert_eq!(visible("Zoë 👋"), "Zoë 👋");
    }
}
