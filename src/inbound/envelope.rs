//! Reading Meta's envelope. What is not as documented is passed over, never the rest with it.

use std::borrow::Cow;

use crate::fields::{Json, JsonKind, Members};

/// One change of one entry.
pub(super) struct Change<'a> {
    entry: Members<'a>,
    raw: Json<'a>,
    pub(super) field: Cow<'a, str>,
    pub(super) value: Members<'a>,
}

/// What a post has in it.
pub(super) struct Envelope<'a> {
    pub(super) changes: Vec<Change<'a>>,
    /// Whether something in it could not be read.
    pub(super) damaged: bool,
}

impl<'a> Envelope<'a> {
    /// `None` if the post is no JSON object with entries.
    pub(super) fn read(post: &'a str) -> Option<Self> {
        let root: Members<'a> = serde_json::from_str(post).ok()?;
        let entries = root.get("entry")?.items()?;
        let mut envelope = Self { changes: Vec::with_capacity(entries.len()), damaged: false };
        for entry in entries {
            envelope.read_entry(entry);
        }
        Some(envelope)
    }

    fn read_entry(&mut self, entry: Json<'a>) {
        let members = entry.members();
        let changes = members.as_ref().and_then(|members| members.get("changes")?.items());
        let (Some(entry), Some(changes)) = (members, changes) else {
            self.damaged = true;
            return;
        };
        for change in changes {
            match read_change(&entry, change) {
                Some(change) => self.changes.push(change),
                None => self.damaged = true,
            }
        }
    }
}

fn read_change<'a>(entry: &Members<'a>, raw: Json<'a>) -> Option<Change<'a>> {
    let members = raw.members()?;
    let field = text(&members, "field")?;
    let value = members.get("value")?.members()?;
    Some(Change { entry: entry.clone(), raw, field, value })
}

impl<'a> Change<'a> {
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

    pub(super) fn raw(&self) -> &'a str {
        self.raw.text()
    }

    /// Meta's envelope with this one change, every unknown member included.
    pub(super) fn alone(&self) -> String {
        let mut entry = String::from("{");
        for (name, value) in self.entry.iter().filter(|(name, _)| *name != "changes") {
            let name = serde_json::to_string(name).unwrap_or_default();
            entry.push_str(&format!("{name}:{},", value.text()));
        }
        let change = self.raw();
        let object = r#""object":"whatsapp_business_account""#;
        format!(r#"{{{object},"entry":[{entry}"changes":[{change}]}}]}}"#)
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
                {"field":"messages","value":{"messages":[]}},{"field":"flows","value":{"a":"\u00e4"}}]}]}"#;
        let envelope = Envelope::read(post).unwrap();
        assert_eq!(envelope.changes.len(), 2);
        assert!(!envelope.damaged);
        assert_eq!(
            envelope.changes[1].alone(),
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1","time":17,"new":{"x":1.0},"changes":[{"field":"flows","value":{"a":"\u00e4"}}]}]}"#
        );
    }

    #[test]
    fn a_bad_entry_does_not_spoil_the_others() {
        let post =
            r#"{"entry":[7,{"id":"1"},{"id":"2","changes":[null,{"field":"f","value":{}}]}]}"#;
        let envelope = Envelope::read(post).unwrap();
        assert_eq!(envelope.changes.len(), 1);
        assert!(envelope.damaged);
    }

    #[test]
    fn what_has_no_entries_is_no_envelope() {
        for post in ["[]", "{}", "nonsense", r#"{"entry":{}}"#, ""] {
            assert!(Envelope::read(post).is_none(), "{post}");
        }
    }
}
