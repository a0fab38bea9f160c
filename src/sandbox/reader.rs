//! Reading a payload member by member: each knows its path, so each refusal can name it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::Value;
use url::Url;

use super::errors::{GraphError, Judged};

/// A value in a payload, and where it stands: `interactive.action.buttons[0].reply.title`.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    /// The payload itself.
    pub(crate) fn whole(value: &'a Value) -> Self {
        Self { path: String::new(), value }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// 131009, with the path before the rule that was broken.
    pub(crate) fn refuse(&self, rule: impl Display) -> GraphError {
        GraphError::invalid(&self.path, rule)
    }

    fn wrong_type(&self, expected: &str) -> GraphError {
        let path = if self.path.is_empty() { "root" } else { &self.path };
        GraphError::wrong_type(path, expected)
    }

    fn under(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    // Objects

    /// An object that has no members but these.
    pub(crate) fn only(&self, keys: &[&str]) -> Judged {
        let members = self.value.as_object().ok_or_else(|| self.wrong_type("a JSON object"))?;
        let mut given = members.iter().filter(|(_, value)| !value.is_null());
        match given.find(|(key, _)| !keys.contains(&key.as_str())) {
            Some((key, _)) => Err(GraphError::unexpected_key(&self.path, key)),
            None => Ok(()),
        }
    }

    /// Any object at all.
    pub(crate) fn object(&self) -> Judged {
        self.value.as_object().map(|_| ()).ok_or_else(|| self.wrong_type("a JSON object"))
    }

    pub(crate) fn is_empty_object(&self) -> bool {
        self.value.as_object().is_some_and(serde_json::Map::is_empty)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        given(self.value, key).is_some()
    }

    pub(crate) fn optional(&self, key: &str) -> Option<Self> {
        given(self.value, key).map(|value| Self { path: self.under(key), value })
    }

    pub(crate) fn required(&self, key: &str) -> Judged<Self> {
        self.object()?;
        self.optional(key).ok_or_else(|| GraphError::missing(&self.under(key)))
    }

    /// There is no such member, and `why` says why there must not be.
    pub(crate) fn forbidden(&self, key: &str, why: &str) -> Judged {
        match self.optional(key) {
            Some(field) => Err(field.refuse(why)),
            None => Ok(()),
        }
    }

    // Arrays

    pub(crate) fn items(&self, count: RangeInclusive<usize>) -> Judged<Vec<Self>> {
        let values = self.value.as_array().ok_or_else(|| self.wrong_type("an array"))?;
        if !count.contains(&values.len()) {
            let (least, most) = (count.start(), count.end());
            let found = values.len();
            return Err(self.refuse(format_args!("must have {least} to {most} items, not {found}")));
        }
        let item = |(index, value)| Self { path: format!("{}[{index}]", self.path), value };
        Ok(values.iter().enumerate().map(item).collect())
    }

    // Single values

    pub(crate) fn string(&self) -> Judged<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong_type("a string"))
    }

    /// A string of so many characters; Unicode code points count.
    pub(crate) fn text(&self, length: RangeInclusive<usize>) -> Judged<&'a str> {
        let text = self.string()?;
        let found = text.chars().count();
        if found < *length.start() && found == 0 {
            return Err(self.refuse("must not be empty"));
        }
        if !length.contains(&found) {
            let most = length.end();
            return Err(self.refuse(format_args!("must be at most {most} characters, not {found}")));
        }
        Ok(text)
    }

    /// A string that is not empty, of any length Meta does not limit.
    pub(crate) fn some_text(&self) -> Judged<&'a str> {
        self.text(1..=usize::MAX)
    }

    pub(crate) fn one_of(&self, words: &[&str]) -> Judged<&'a str> {
        let word = self.string()?;
        if words.contains(&word) {
            return Ok(word);
        }
        Err(self.refuse(format_args!("must be one of {}, not \"{word}\"", words.join(", "))))
    }

    pub(crate) fn boolean(&self) -> Judged<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("a boolean"))
    }

    pub(crate) fn whole_number(&self, range: RangeInclusive<i64>) -> Judged<i64> {
        let number = self.value.as_i64().ok_or_else(|| self.wrong_type("a whole number"))?;
        if !range.contains(&number) {
            let (least, most) = (range.start(), range.end());
            return Err(self.refuse(format_args!("must be {least} to {most}, not {number}")));
        }
        Ok(number)
    }

    /// A number, or a string that is one: Meta's own samples have both.
    pub(crate) fn decimal(&self, range: RangeInclusive<f64>) -> Judged<f64> {
        let number = match self.value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        let number = number.ok_or_else(|| self.wrong_type("a number"))?;
        if !range.contains(&number) {
            let (least, most) = (range.start(), range.end());
            return Err(self.refuse(format_args!("must be {least} to {most}, not {number}")));
        }
        Ok(number)
    }

    /// An index as a number or as a string: Meta's own samples have both.
    pub(crate) fn index(&self) -> Judged<usize> {
        let index = match self.value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
        };
        index.ok_or_else(|| self.wrong_type("an index"))
    }

    pub(crate) fn web_address(&self) -> Judged<&'a str> {
        let text = self.some_text()?;
        let scheme = Url::parse(text).ok().filter(Url::has_host);
        if scheme.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Ok(text);
        }
        Err(self.refuse("must be an http or https URL"))
    }

    /// The id of a message, of whichever age.
    pub(crate) fn wamid(&self) -> Judged<&'a str> {
        let text = self.some_text()?;
        match text.strip_prefix("wamid.") {
            Some(rest) if !rest.is_empty() => Ok(text),
            _ => Err(self.refuse("is not the id of a message")),
        }
    }
}

/// A member of an object. `null` counts as left out: Meta ignores it, and clients send it.
pub(crate) fn given<'a>(object: &'a Value, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// No two of these fields hold the same value.
pub(crate) fn all_different<'a>(fields: impl IntoIterator<Item = Field<'a>>) -> Judged {
    let mut seen = Vec::new();
    for field in fields {
        if seen.contains(&field.value) {
            return Err(field.refuse("must be unique"));
        }
        seen.push(field.value);
    }
    Ok(())
}

/// All of these fields hold the same value.
pub(crate) fn all_alike<'a>(fields: impl IntoIterator<Item = Field<'a>>) -> Judged {
    let mut fields = fields.into_iter();
    let Some(first) = fields.next() else { return Ok(()) };
    for field in fields {
        if field.value != first.value {
            return Err(field.refuse(format_args!("must be the same as {}", first.path)));
        }
    }
    Ok(())
}
