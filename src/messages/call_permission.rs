//! `send/interactive/call-permission`: asks whether a call is welcome.

use super::SendRequest;
use super::parts::{BodyText, text_part};
use crate::fields::{Fields, FromFields};
use crate::graph::{Action, Content, Interactive};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "May we call you about your order?"
}"#;

pub(super) struct SendCallPermission(Option<BodyText>);

impl FromFields for SendCallPermission {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.optional("bodyText").map(Self)
    }
}

impl SendRequest for SendCallPermission {
    fn into_content(self) -> Content {
        Content::Interactive(Box::new(Interactive {
            kind: "call_permission_request",
            header: None,
            body: self.0.map(text_part),
            footer: None,
            action: Action::Named { name: "call_permission_request", parameters: None },
        }))
    }
}
