//! `send/interactive/button`: up to three buttons to answer with.

use super::SendRequest;
use super::header::header;
use super::parts::{BodyText, footer, text_part};
use super::replies::Replies;
use crate::fields::{Fields, FromFields};
use crate::graph::{Action, Content, Header, Interactive, ReplyButton, TextPart};

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
    buttons: Replies,
}

impl FromFields for SendButtons {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = header(fields);
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let buttons = fields.required("buttons");
        Some(Self { header: header?, body: body?, footer: footer?, buttons: buttons? })
    }
}

impl SendRequest for SendButtons {
    fn into_content(self) -> Content {
        Content::Interactive(Box::new(Interactive {
            kind: "button",
            header: self.header,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Buttons {
                buttons: self.buttons.into_replies().map(ReplyButton::new).collect(),
            },
        }))
    }
}
