//! `send/interactive/button`: up to three buttons to answer with.

use super::SendRequest;
use super::parts::{BodyText, footer, header, text_part};
use crate::fields::{Fields, FromFields, List, Text};
use crate::graph::{Action, Content, Header, Interactive, Reply, ReplyButton, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Do you want to confirm your booking?",
  "buttons": [{ "id": "yes", "title": "Yes" }, { "id": "no", "title": "No" }]
}"#;

pub(super) struct SendButtons {
    header: Option<Header>,
    body: BodyText,
    footer: Option<TextPart>,
    buttons: List<Button, 1, 3>,
}

struct Button {
    id: Text<256>,
    title: Text<20>,
}

impl FromFields for Button {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id");
        let title = fields.required("title");
        Some(Self { id: id?, title: title? })
    }
}

impl FromFields for SendButtons {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = header(fields);
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let buttons = fields.required::<List<Button, 1, 3>>("buttons");
        let unique = buttons.as_ref().is_none_or(|buttons| {
            let ids = buttons.iter().map(|button| button.id.as_str());
            let titles = buttons.iter().map(|button| button.title.as_str());
            all_differ(ids) && all_differ(titles)
        });
        if !unique {
            return fields.fault("buttons", "must all have different ids and titles");
        }
        Some(Self { header: header?, body: body?, footer: footer?, buttons: buttons? })
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

impl SendRequest for SendButtons {
    fn into_content(self) -> Content {
        let buttons = self.buttons.into_vec().into_iter().map(|button| {
            let (id, title) = (button.id.into_string(), button.title.into_string());
            ReplyButton::new(Reply { id, title })
        });
        Content::Interactive(Box::new(Interactive {
            kind: "button",
            header: self.header,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Buttons { buttons: buttons.collect() },
        }))
    }
}
