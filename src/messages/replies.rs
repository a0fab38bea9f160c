//! Buttons to answer with.

use utoipa::openapi::schema::Schema;

use super::parts::Label;
use crate::fields::{Field, Fields, FromFields, Json, List, Place, Text};
use crate::graph::Reply;

/// One to three of `{id, title}`, no two of them alike.
pub(super) struct Replies(List<Button, 1, 3>);

struct Button {
    id: Text<256>,
    title: Label,
}

impl FromFields for Button {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id");
        let title = fields.required("title");
        Some(Self { id: id?, title: title? })
    }
}

impl Field for Replies {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let buttons = List::<Button, 1, 3>::read(value, place)?;
        let ids = buttons.iter().map(|button| button.id.as_str());
        let titles = buttons.iter().map(|button| button.title.as_str());
        if all_differ(ids) && all_differ(titles) {
            return Some(Self(buttons));
        }
        place.fault("must all have different ids and titles")
    }

    fn schema() -> Schema {
        List::<Button, 1, 3>::schema()
    }
}

impl Replies {
    pub(super) fn count(&self) -> usize {
        self.0.iter().count()
    }

    pub(super) fn into_replies(self) -> impl Iterator<Item = Reply> {
        self.0
            .into_vec()
            .into_iter()
            .map(|button| Reply { id: button.id.into_string(), title: button.title.into_string() })
    }
}

/// For a handful of values: each is held against the ones before it.
fn all_differ<'a>(values: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = Vec::new();
    for value in values {
        if seen.contains(&value) {
            return false;
        }
        seen.push(value);
    }
    true
}
