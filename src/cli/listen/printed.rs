//! A delivery as it is shown: for people, or one JSON object on a line.

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::output;
use crate::clock::Clock;

pub(super) fn print(id: &str, body: &[u8], as_json: bool) -> anyhow::Result<()> {
    let body: Value = serde_json::from_slice(body).context("it is not JSON")?;
    let time = Clock::system().now();
    // The body of an event has one member, which is named like the event.
    let event = body.as_object().and_then(|members| members.keys().next());
    let event = event.map_or("unknown", String::as_str);
    if as_json {
        return output::json(&json!({ "time": time, "event": event, "id": id, "body": body }));
    }
    let lines = serde_json::to_string_pretty(&body)?;
    let lines: Vec<_> = lines.lines().map(output::visible).collect();
    let (event, id, lines) = (output::visible(event), output::visible(id), lines.join("\n"));
    output::line(format_args!("{time}  {event}  {id}\n{lines}\n"))
}
