//! JSON in one form, whatever its author's tool made of white space and of the order of members.

use std::borrow::Cow;

use super::{Json, JsonKind};

/// Writes `value` with sorted members, without white space, and of a repeated member only the
/// last. Numbers keep their digits: `1.0` and `1` are two values, as they are upstream.
pub fn canonical(value: Json<'_>, out: &mut String) {
    match value.kind() {
        JsonKind::Object => members(value, out),
        JsonKind::Array => items(value, out),
        JsonKind::String => text(value, out),
        JsonKind::Null | JsonKind::Bool | JsonKind::Number => out.push_str(value.text()),
    }
}

fn members(value: Json<'_>, out: &mut String) {
    let sorted = value.members().unwrap_or_default().into_sorted();
    out.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match name {
            // As it stands in the text, for these were read from it just now: without an escape.
            Cow::Borrowed(plain) => out.extend(["\"", plain, "\""]),
            Cow::Owned(escaped) => quoted(&escaped, out),
        }
        out.push(':');
        canonical(value, out);
    }
    out.push('}');
}

fn items(value: Json<'_>, out: &mut String) {
    out.push('[');
    for (index, item) in value.items().unwrap_or_default().into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        canonical(item, out);
    }
    out.push(']');
}

/// The same text may be escaped in many ways; what has no escapes, or is no Unicode text, has only
/// its own form.
fn text(value: Json<'_>, out: &mut String) {
    let written = value.text();
    if written.contains('\\')
        && let Some(Ok(text)) = value.as_string()
    {
        return quoted(&text, out);
    }
    out.push_str(written);
}

fn quoted(text: &str, out: &mut String) {
    match serde_json::to_string(text) {
        Ok(quoted) => out.push_str(&quoted),
        Err(_) => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, canonical};

    fn form(text: &str) -> String {
        let mut out = String::new();
        canonical(Json::trimmed(text), &mut out);
        out
    }

    #[test]
    fn order_white_space_and_escapes_do_not_matter() {
        let one = form(r#"{"b": [1, {"y":"ä","x":null}], "a": 1.10}"#);
        let other = form(r#" {"a":1.10,"b":[1,{"x":null,"y":"\u00e4"}]}"#);
        assert_eq!(one, other);
        assert_eq!(one, r#"{"a":1.10,"b":[1,{"x":null,"y":"ä"}]}"#);
    }

    /// Fingerprints of it are stored: it stays as it is.
    #[test]
    fn a_text_is_written_as_it_always_was() {
        for (text, canonical) in [
            (r#""plain""#, r#""plain""#),
            (r#""\u0061\/\"\\""#, r#""a/\"\\""#),
            (r#""\u0008\u000c\u000A\u000d\t\u001F""#, r#""\b\f\n\r\t\u001f""#),
            ("\"\u{7f}\u{2028}\u{1f600}\"", "\"\u{7f}\u{2028}\u{1f600}\""),
            (r#""\u007f\u2028\ud83d\ude00""#, "\"\u{7f}\u{2028}\u{1f600}\""),
            (r#""\ud83d \u0061""#, r#""\ud83d \u0061""#),
            (r#"{"\u0062\n":"", "a":{}}"#, r#"{"a":{},"b\n":""}"#),
            (r#"{"a\"":1, "a\u0022":2, "\u0061b":3, "ab":4}"#, r#"{"a\"":2,"ab":4}"#),
        ] {
            assert_eq!(form(text), canonical, "{text}");
        }
    }

    #[test]
    fn what_differs_upstream_differs_here() {
        assert_ne!(form("1"), form("1.0"));
        assert_ne!(form(r#"["a","b"]"#), form(r#"["b","a"]"#));
        assert_eq!(form(r#"{"a":1,"a":2}"#), r#"{"a":2}"#);
    }
}
