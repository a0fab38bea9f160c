//! Reading Meta's envelope. What is not as documented is passed over, never the rest with it.
//!
//! It is read in one go, down to the values of the changes: each step that stopped at the text of
//! what is inside would read all of that again. So a name down to there must be Unicode, and so
//! must be a text that stands where an object should; else nothing of the post is read, and it is
//! kept as it came.

mod lenient;

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess};

use self::lenient::{Array, FromMap, Object};
use crate::fields::{Json, JsonKind, Members, next_name};

/// One change of one entry.
pub(super) struct Change<'a> {
    /// The other members of its entry.
    entry: Arc<Members<'a>>,
    /// The other members of the change, before and behind its value.
    before: Members<'a>,
    behind: Members<'a>,
    pub(super) field: Cow<'a, str>,
    pub(super) value: Members<'a>,
}

/// What a post has in it.
pub(super) struct Envelope<'a> {
    pub(super) changes: Vec<Change<'a>>,
    /// Whether something in it could not be read.
    pub(super) damaged: bool,
}

/// The members of each entry of a post, if it has entries.
#[derive(Default)]
struct Post<'a>(Option<Vec<Object<Entry<'a>>>>);

#[derive(Default)]
struct Entry<'a> {
    changes: Option<Vec<Object<Parts<'a>>>>,
    others: Members<'a>,
}

/// The members of a change.
#[derive(Default)]
struct Parts<'a> {
    before: Members<'a>,
    value: Option<Members<'a>>,
    behind: Members<'a>,
}

impl<'a> Envelope<'a> {
    /// `None` if the post is no JSON object with entries.
    pub(super) fn read(post: &'a str) -> Option<Self> {
        let Object(root) = serde_json::from_str::<Object<Post<'a>>>(post).ok()?;
        let entries = root?.0?;
        let mut envelope = Self { changes: Vec::with_capacity(entries.len()), damaged: false };
        for Object(entry) in entries {
            envelope.add(entry.unwrap_or_default());
        }
        Some(envelope)
    }

    fn add(&mut self, entry: Entry<'a>) {
        let Some(changes) = entry.changes else {
            self.damaged = true;
            return;
        };
        let others = Arc::new(entry.others);
        for Object(parts) in changes {
            match parts.and_then(|parts| Change::of(parts, &others)) {
                Some(change) => self.changes.push(change),
                None => self.damaged = true,
            }
        }
    }
}

impl<'a> Change<'a> {
    fn of(parts: Parts<'a>, entry: &Arc<Members<'a>>) -> Option<Self> {
        let Parts { before, value, behind } = parts;
        let field = if behind.get("field").is_some() { &behind } else { &before };
        let field = text(field, "field")?;
        Some(Self { entry: Arc::clone(entry), before, behind, field, value: value? })
    }

    /// The number that it concerns, if it concerns one.
    pub(super) fn phone_number(&self) -> Option<Cow<'a, str>> {
        text(&self.value.get("metadata")?.members()?, "phone_number_id")
    }

    pub(super) fn waba(&self) -> Option<Cow<'a, str>> {
        text(&self.entry, "id")
    }

    pub(super) fn list(&self, name: &str) -> Vec<Json<'a>> {
        self.value.get(name).and_then(Json::items).unwrap_or_default()
    }

    /// Meta's envelope with this one change, every unknown member included.
    pub(super) fn alone(&self) -> String {
        let value = format!(r#""value":{{{}}}"#, written(&self.value).join(","));
        let change = [written(&self.before), vec![value], written(&self.behind)].concat();
        let changes = format!(r#""changes":[{{{}}}]"#, change.join(","));
        let entry = [written(&self.entry), vec![changes]].concat();
        let object = r#""object":"whatsapp_business_account""#;
        format!(r#"{{{object},"entry":[{{{}}}]}}"#, entry.join(","))
    }
}

/// `"name":value` for each.
fn written(members: &Members<'_>) -> Vec<String> {
    let written = |(name, value): (&str, Json<'_>)| {
        let name = serde_json::to_string(name).unwrap_or_default();
        format!("{name}:{}", value.text())
    };
    members.iter().map(written).collect()
}

impl<'de> FromMap<'de> for Post<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut post = Self::default();
        while let Some(name) = next_name(&mut map)? {
            match name.as_ref() {
                "entry" => post.0 = map.next_value::<Array<_>>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(post)
    }
}

impl<'de> FromMap<'de> for Entry<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut entry = Self::default();
        while let Some(name) = next_name(&mut map)? {
            match name.as_ref() {
                "changes" => entry.changes = map.next_value::<Array<_>>()?.0,
                _ => entry.others.push(name, map.next_value()?),
            }
        }
        Ok(entry)
    }
}

impl<'de> FromMap<'de> for Parts<'de> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut parts = Self::default();
        while let Some(name) = next_name(&mut map)? {
            match name.as_ref() {
                "value" => parts.value = map.next_value::<Object<_>>()?.0,
                _ if parts.value.is_none() => parts.before.push(name, map.next_value()?),
                _ => parts.behind.push(name, map.next_value()?),
            }
        }
        Ok(parts)
    }
}

/// A member that is text, and not empty.
pub(super) fn text<'a>(members: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
    let value = members.get(name).filter(|value| value.kind() == JsonKind::String)?;
    value.as_string()?.ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn a_change_stands_alone_with_everything_that_came_with_it() {
        let post = r#"{"object":"whatsapp_business_account","entry":[
            {"id":"1","time":17,"new":{"x":1.0},"changes":[
                {"field":"messages","value":{"messages":[]}},
                {"new\n":[1, 2],"value":{"a":"\u00e4","b":{}},"field":"flows"}]}]}"#;
        let envelope = Envelope::read(post).unwrap();
        assert_eq!(envelope.changes.len(), 2);
        assert!(!envelope.damaged);
        assert_eq!(
            envelope.changes[1].alone(),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1","time":17,"new":{"x":1.0},"changes":[{"new\n":[1, 2],"value":{"a":"\u00e4","b":{}},"field":"flows"}]}]}"#
        );
    }

    #[test]
    fn a_bad_entry_does_not_spoil_the_others() {
        let good = r#"{"field":"f","value":{}}"#;
        let bad_entries =
            ["7", "-7", "1.5", "\"x\"", "null", "true", "[1]", "{}", r#"{"changes":{"a":[1]}}"#];
        for bad in bad_entries {
            let post = format!(r#"{{"entry":[{bad},{{"id":"2","changes":[{good}]}},{bad}]}}"#);
            let envelope = Envelope::read(&post).unwrap();
            assert_eq!(envelope.changes.len(), 1, "{post}");
            assert!(envelope.damaged, "{post}");
        }
        let without = r#"{"field":"f"}"#;
        let not_objects = [without, r#"{"field":"f","value":[]}"#, r#"{"field":"f","value":1}"#];
        let nameless =
            [r#"{"value":{}}"#, r#"{"field":"","value":{}}"#, r#"{"field":7,"value":{}}"#];
        for bad in ["7", "null", "[[]]", "\"x\""].iter().chain(&not_objects).chain(&nameless) {
            let post = format!(r#"{{"entry":[{{"id":"2","changes":[{bad},{good},{bad}]}}]}}"#);
            let envelope = Envelope::read(&post).unwrap();
            assert_eq!(envelope.changes.len(), 1, "{post}");
            assert!(envelope.damaged, "{post}");
        }
    }

    #[test]
    fn the_last_of_two_members_with_one_name_counts() {
        let post = r#"{"entry":1,"entry":[{"changes":7,"id":"1","id":"2","changes":[
            {"value":7,"field":"a","value":{"x":1},"field":"b"}]}]}"#;
        let envelope = Envelope::read(post).unwrap();
        let [change] = &envelope.changes[..] else { panic!("one change") };
        assert_eq!((change.field.as_ref(), change.waba().as_deref()), ("b", Some("2")));
        assert_eq!(change.value.get("x").map(|x| x.text()), Some("1"));
        assert!(!envelope.damaged);
    }

    #[test]
    fn what_has_no_entries_is_no_envelope() {
        let not_unicode = r#"{"entry":[{"id":"1","\ud800":1,"changes":[]}]}"#;
        for post in [not_unicode, "[]", "{}", "nonsense", r#"{"entry":{}}"#, ""] {
            assert!(Envelope::read(post).is_none(), "{post}");
        }
    }
}
