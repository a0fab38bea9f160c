//! A JSON value that stays its own source text until a field reads it. Nothing is turned into a
//! tree: numbers keep their digits, and what is only passed on is copied as it came.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One value: valid JSON without white space around it.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// The members of an object. Of a repeated key the last counts, as in JavaScript.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Where the members of an object stand in its text, so that it need not be read again to find
/// them.
#[derive(Debug)]
pub struct Outline(Vec<(Key, Range<usize>)>);

#[derive(Debug)]
enum Key {
    /// In the text, as it is.
    At(Range<usize>),
    /// With escapes, so that it is not itself in the text.
    Read(String),
}

impl Outline {
    /// Of the members of `text`, which is what they were read from.
    #[must_use]
    pub fn of(members: &Members<'_>, text: &str) -> Self {
        let place = |part: &str| {
            let start = part.as_ptr().addr() - text.as_ptr().addr();
            start..start + part.len()
        };
        let members = members.0.iter().map(|(name, value)| {
            let key = match name {
                Cow::Borrowed(name) => Key::At(place(name)),
                Cow::Owned(name) => Key::Read(name.clone()),
            };
            (key, place(value.0))
        });
        Self(members.collect())
    }

    /// The members again, in the text that they were read from.
    #[must_use]
    pub fn members<'a>(&'a self, text: &'a str) -> Members<'a> {
        let at = |place: &Range<usize>| text.get(place.clone()).unwrap_or_default();
        let members = self.0.iter().map(|(key, value)| {
            let name = match key {
                Key::At(place) => at(place),
                Key::Read(name) => name,
            };
            (Cow::Borrowed(name), Json(at(value)))
        });
        Members(members.collect())
    }
}

impl<'a> Json<'a> {
    /// Takes text that is known to be JSON, perhaps with white space around it.
    #[must_use]
    pub fn trimmed(text: &'a str) -> Self {
        Self(text.trim_matches([' ', '\t', '\r', '\n']))
    }

    /// The source text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0
    }

    #[must_use]
    pub fn kind(self) -> JsonKind {
        match self.0.as_bytes().first() {
            Some(b'"') => JsonKind::String,
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'n') | None => JsonKind::Null,
            Some(_) => JsonKind::Number,
        }
    }

    /// The text of a string. `Err` if its escapes are no Unicode text (a lone surrogate).
    #[must_use]
    pub fn as_string(self) -> Option<Result<Cow<'a, str>, serde_json::Error>> {
        #[derive(serde::Deserialize)]
        struct Borrowed<'b>(#[serde(borrow)] Cow<'b, str>);

        let read = || serde_json::from_str::<Borrowed<'a>>(self.0).map(|text| text.0);
        (self.kind() == JsonKind::String).then(read)
    }

    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The members of an object; `None` for anything else.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        (self.kind() == JsonKind::Object).then(|| serde_json::from_str(self.0).ok())?
    }

    /// The items of an array; `None` for anything else.
    #[must_use]
    pub fn items(self) -> Option<Vec<Json<'a>>> {
        if self.kind() != JsonKind::Array {
            return None;
        }
        serde_json::from_str(self.0).ok()
    }

    /// Whether it is `null` or an empty string.
    pub(super) fn is_blank(self) -> bool {
        self.0 == "null" || self.0 == "\"\""
    }
}

impl<'a> Members<'a> {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Adds a member behind all others.
    pub fn push(&mut self, name: Cow<'a, str>, value: Json<'a>) {
        self.0.push((name, value));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order they came, repeated ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// Whether the member is there, and neither `null` nor an empty string.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_blank())
    }

    /// The members by name; of a repeated one the last.
    #[must_use]
    pub fn into_sorted(self) -> BTreeMap<Cow<'a, str>, Json<'a>> {
        self.0.into_iter().collect()
    }

    #[must_use]
    pub fn is(&self, name: &str, kind: JsonKind) -> bool {
        self.get(name).is_some_and(|value| value.kind() == kind)
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(|value| Self(value.get()))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The name of the next member of an object that is being read.
///
/// # Errors
/// When it is no Unicode, or what stands there is no member.
pub fn next_name<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    #[derive(serde::Deserialize)]
    struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

    Ok(map.next_key::<Name<'de>>()?.map(|Name(name)| name))
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(name) = next_name(&mut map)? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}
